/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-output.h"
#include "ls-ctl-words.h"
#include "ls-i18n.h"
#include "ls-json-variant.h"
#include "ls-json-writer.h"

/* What collides, of an action in conflict. */
typedef struct
{
  char *base;   /* (owned) (nullable) */
  char *local;  /* (owned) (nullable) */
  char *server; /* (owned) (nullable): NULL: there is no conflict */
  gint64 server_version;
  gboolean is_deleted;
} Conflict;

static void
conflict_clear (Conflict *conflict)
{
  g_free (conflict->base);
  g_free (conflict->local);
  g_free (conflict->server);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Conflict, conflict_clear)

/* Returns: (transfer full) (nullable): the action */
static GVariant *
read_action (LsDbusQueue *queue, const char *id, Conflict *conflict, GError **error)
{
  g_autoptr (GVariant) action = NULL;
  g_autoptr (GVariant) details = NULL;

  if (!ls_dbus_queue_call_get_sync (queue, id, &action, NULL, error))
    return NULL;
  if (g_str_equal (ls_ctl_action_get_text (action, "status"), "conflict") &&
      !ls_dbus_queue_call_get_conflict_sync (queue, id, &conflict->base, &conflict->local,
                                             &conflict->server, &conflict->server_version, &details,
                                             NULL, error))
    return NULL;
  if (details != NULL)
    g_variant_lookup (details, "deleted", "b", &conflict->is_deleted);

  return g_steal_pointer (&action);
}

static void
print_json (GVariant *action, const Conflict *conflict)
{
  g_autoptr (GString) out = g_string_new (NULL);

  ls_ctl_action_append_json (out, action);
  if (conflict->server != NULL)
    {
      g_string_truncate (out, out->len - 1);
      ls_json_write_object (out, "base", conflict->base);
      ls_json_write_object (out, "server", conflict->server);
      ls_json_write_int (out, "server_version", conflict->server_version);
      ls_json_write_boolean (out, "deleted", conflict->is_deleted);
      g_string_append_c (out, '}');
    }
  ls_ctl_print_raw (out->str);
}

static void
print_when (const char *label, GVariant *action, const char *name)
{
  g_autofree char *time = NULL;
  guint64 ms = 0;

  g_variant_lookup (action, name, "t", &ms);
  time = ls_ctl_format_time ((gint64)ms);
  if (ms != 0)
    ls_ctl_print_line (label, time, LS_CTL_COLOR_NONE);
}

static void
print_http_status (GVariant *action)
{
  g_autofree char *text = NULL;
  guint status = 0;

  g_variant_lookup (action, "http-status", "u", &status);
  text = g_strdup_printf ("HTTP %u", status);
  if (status != 0)
    ls_ctl_print_line (_ ("Answer"), text, LS_CTL_COLOR_NONE);
}

static void
print_part (const char *heading, const char *json)
{
  g_autofree char *readable = ls_ctl_format_json (json);

  if (*json != '\0')
    g_print ("\n%s\n%s\n", heading, readable);
}

static void
print_conflict (const char *id, const Conflict *conflict)
{
  g_autofree char *version = g_strdup_printf ("%" G_GINT64_FORMAT, conflict->server_version);

  print_part (_ ("What it was before:"), conflict->base);
  if (*conflict->server != '\0')
    print_part (_ ("What the server has now:"), conflict->server);
  else if (conflict->is_deleted)
    g_print ("\n%s\n", _ ("The server does not have it any more."));
  else
    g_print ("\n%s\n", _ ("The server did not say what it has now."));
  g_print ("\n");
  /* What was shown is what is decided about: without the version, that would be whatever is there then. */
  g_print (_ ("Settle it with: labsyncctl queue resolve %s keep_local --server-version=%s (or "
              "use_server, or merge with --data)\n"),
           id, version);
}

/* A conflict that the server's side has won is done, too, but was never sent. */
static void
print_outcome (const char *outcome)
{
  g_autofree char *text = ls_ctl_words_translate (LS_CTL_ENDS, outcome);

  if (*outcome != '\0')
    ls_ctl_print_line (_ ("Outcome"), text, LS_CTL_COLOR_NONE);
}

static void
print_for_people (GVariant *action, const Conflict *conflict)
{
  g_autofree char *what = ls_ctl_action_describe (action);
  g_autofree char *trouble = ls_ctl_action_describe_trouble (action);
  g_autofree char *where = g_strjoin (" ", ls_ctl_action_get_text (action, "method"),
                                      ls_ctl_action_get_text (action, "endpoint"), NULL);

  ls_ctl_print_line (_ ("Action"), what, LS_CTL_COLOR_BOLD);
  ls_ctl_print_line (_ ("Status"), ls_ctl_action_describe_status (action), LS_CTL_COLOR_NONE);
  print_outcome (ls_ctl_action_get_text (action, "outcome"));
  if (*trouble != '\0')
    ls_ctl_print_line (_ ("Why"), trouble, LS_CTL_COLOR_NONE);
  ls_ctl_print_line (_ ("Sent as"), where, LS_CTL_COLOR_NONE);
  print_http_status (action);
  print_when (_ ("Since"), action, "created");
  print_when (_ ("Next attempt"), action, "next-attempt");
  print_when (_ ("Ended"), action, "ended");
  print_part (_ ("What is sent:"), ls_ctl_action_get_text (action, "data"));
  if (conflict->server != NULL)
    print_conflict (ls_ctl_action_get_text (action, "id"), conflict);
  else
    print_part (_ ("What the server said:"), ls_ctl_action_get_text (action, "answer"));
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_auto (Conflict) conflict = { 0 };
  g_autoptr (LsDbusQueue) queue = NULL;
  g_autoptr (GVariant) action = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_queue_show, NULL, 1, 1, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  queue = ls_ctl_open_queue (self, &error);
  if (queue != NULL)
    action = read_action (queue, argv[1], &conflict, &error);
  if (action == NULL)
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (action, &conflict);
  else
    print_for_people (action, &conflict);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_queue_show = {
  LS_CTL_QUEUE "show",
  N_ ("ID"),
  N_ ("Show an action, and what collides with it"),
  run,
};
