/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-event.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

static void
print_for_people (GVariant *events, const char *cursor, gboolean more)
{
  const char *const headings[] = { _ ("TIME"), _ ("TYPE"), _ ("ID"), _ ("DATA"), NULL };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  for (gsize i = 0; i < g_variant_n_children (events); i++)
    {
      g_autoptr (GVariant) event = g_variant_get_child_value (events, i);
      g_auto (GStrv) cells = ls_ctl_event_to_cells (event);

      ls_ctl_table_add (table, (const char *const *)cells);
    }

  if (g_variant_n_children (events) > 0)
    ls_ctl_table_print (table);
  else
    g_print ("%s\n", _ ("There are no events."));
  if (more)
    g_print (_ ("There are more. Go on with: labsyncctl events --since %s\n"), cursor);
}

static void
print_json (GVariant *events, const char *cursor, gboolean more)
{
  g_autoptr (GString) out = g_string_new ("{\"events\":[");

  for (gsize i = 0; i < g_variant_n_children (events); i++)
    {
      g_autoptr (GVariant) event = g_variant_get_child_value (events, i);

      ls_json_next_element (out);
      ls_ctl_json_append_event (out, event);
    }
  g_string_append_c (out, ']');
  ls_json_write_string (out, "cursor", cursor);
  ls_json_write_boolean (out, "more", more);
  g_string_append_c (out, '}');
  ls_ctl_print_raw (out->str);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autofree char *since = NULL;
  int limit = 0;
  const GOptionEntry entries[] = {
    { "since", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &since,
      N_ ("Only what came after this cursor"), N_ ("CURSOR") },
    { "limit", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &limit, N_ ("At most so many"), N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusEvents) proxy = NULL;
  g_autoptr (GVariant) events = NULL;
  g_autofree char *cursor = NULL;
  gboolean more = FALSE;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_events, entries, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (limit < 0)
    return ls_ctl_fail_usage (self, _ ("--limit must not be negative"));

  proxy = ls_ctl_open_events (self, &error);
  if (proxy == NULL || !ls_dbus_events_call_get_events_sync (proxy, since != NULL ? since : "",
                                                             (guint)limit, ls_ctl_no_options (),
                                                             &events, &cursor, &more, NULL, &error))
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (events, cursor, more);
  else
    print_for_people (events, cursor, more);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_events = {
  "events",
  NULL,
  N_ ("List what has changed, oldest first"),
  run,
};
