/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>

#include "ls-bus-names.h"
#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-event.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-error.h"
#include "ls-i18n.h"

/* What the callbacks work on until the loop ends. */
typedef struct
{
  LsCtl *ctl;      /* (unowned) */
  GMainLoop *loop; /* (owned) */
  char *path;      /* (owned) (nullable): of our subscription, once it is known */
  guint64 last_seq;
  GError *error; /* (owned) (nullable): why it ended */
} Watch;

static void
stop (Watch *watch, GError *error)
{
  if (watch->error == NULL)
    watch->error = error;
  else
    g_clear_error (&error);
  g_main_loop_quit (watch->loop);
}

static void
print_event (Watch *watch, GVariant *event)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (GStrv) cells = NULL;
  guint64 seq = 0;

  g_variant_get_child (event, 0, "t", &seq);
  watch->last_seq = MAX (watch->last_seq, seq); /* that of presence is 0 */

  if (watch->ctl->json)
    {
      ls_ctl_json_append_event (out, event);
      ls_ctl_print_raw (out->str);
      return;
    }

  cells = ls_ctl_event_to_cells (event);
  for (guint i = 0; cells[i] != NULL; i++)
    {
      g_autofree char *harmless = ls_ctl_format_text (cells[i]);

      g_string_append_printf (out, i == 0 ? "%s" : "  %s", harmless);
    }
  g_print ("%s\n", out->str);
}

static void
acknowledge_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Watch *watch = user_data;
  GError *error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (reply == NULL)
    stop (watch, error);
}

/* Also after an empty batch, the hint that the agent waits for it. */
static void
acknowledge (Watch *watch)
{
  g_dbus_connection_call (watch->ctl->bus, LS_BUS_NAME, watch->path, LS_BUS_INTERFACE_SUBSCRIPTION,
                          "Acknowledge", g_variant_new ("(t)", watch->last_seq), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, acknowledge_cb, watch);
}

static void
on_subscription_events (GDBusConnection *bus,
                        const char *sender,
                        const char *path,
                        const char *interface,
                        const char *signal,
                        GVariant *parameters,
                        gpointer user_data)
{
  Watch *watch = user_data;
  g_autoptr (GVariant) events = NULL;

  if (g_strcmp0 (path, watch->path) != 0 ||
      !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(a" LS_BUS_EVENT_TYPE ")")))
    return;

  events = g_variant_get_child_value (parameters, 0);
  for (gsize i = 0; i < g_variant_n_children (events); i++)
    {
      g_autoptr (GVariant) event = g_variant_get_child_value (events, i);

      print_event (watch, event);
    }
  acknowledge (watch);
}

static void
on_agent_vanished (GDBusConnection *bus, const char *name, gpointer user_data)
{
  stop (user_data, g_error_new_literal (G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                                        _ ("it has just stopped")));
}

static gboolean
on_signal (gpointer user_data)
{
  stop (user_data, NULL);

  return G_SOURCE_CONTINUE;
}

/* The agent would refuse it, too, but could not tell people which. */
static gboolean
check_types (LsDbusEvents *events, const char *const *types, GError **error)
{
  const char *const *known = ls_dbus_events_get_event_types (events);

  for (; known != NULL && *types != NULL; types++)
    {
      if (!g_strv_contains (known, *types))
        {
          g_autofree char *message = g_strdup_printf (_ ("There is no event type “%s”"), *types);

          ls_ctl_set_unknown (error, LS_ERROR_INVALID_ARGUMENT, message, known);
          return FALSE;
        }
    }

  return TRUE;
}

static gboolean
subscribe (Watch *watch, LsDbusEvents *events, const char *const *types, GError **error)
{
  return check_types (events, types, error) &&
         ls_dbus_events_call_subscribe_sync (events, types, ls_ctl_no_options (), &watch->path,
                                             NULL, error);
}

/* Waits until the user or the agent ends it. The agent drops the subscription as we leave the
 * bus. */
static void
wait_for_end (Watch *watch)
{
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, watch);
  guint terminate = g_unix_signal_add (SIGTERM, on_signal, watch);
  guint name =
      g_bus_watch_name_on_connection (watch->ctl->bus, LS_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                      NULL, on_agent_vanished, watch, NULL);

  if (!watch->ctl->json)
    g_printerr ("%s\n", _ ("Waiting for changes; Ctrl+C ends it."));
  g_main_loop_run (watch->loop);

  g_bus_unwatch_name (name);
  g_source_remove (terminate);
  g_source_remove (interrupt);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  Watch watch = { .ctl = self };
  g_autoptr (LsDbusEvents) events = NULL;
  guint subscription = 0;

  if (!ls_ctl_parse (self, &ls_ctl_command_watch, NULL, 0, G_MAXINT, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  events = ls_ctl_open_events (self, &watch.error);
  if (events == NULL)
    return ls_ctl_fail (self, watch.error);

  watch.loop = g_main_loop_new (NULL, FALSE);
  /* Before the path is known: what is sent right after the reply must not be missed. */
  subscription = g_dbus_connection_signal_subscribe (
      self->bus, LS_BUS_NAME, LS_BUS_INTERFACE_SUBSCRIPTION, "Events", NULL, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_subscription_events, &watch, NULL);
  if (subscribe (&watch, events, (const char *const *)&argv[1], &watch.error))
    wait_for_end (&watch);

  g_dbus_connection_signal_unsubscribe (self->bus, subscription);
  g_main_loop_unref (watch.loop);
  g_free (watch.path);

  return watch.error != NULL ? ls_ctl_fail (self, watch.error) : LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_watch = {
  "watch",
  N_ ("[TYPE…]"),
  N_ ("Show changes as they happen: all, or those of the types"),
  run,
};
