/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Draws the connection machine's table, and checks that the drawing in a document is this one:
 *   test-connection-diagram --print
 *   test-connection-diagram README */
#include <string.h>

#include "ls-connection-machine.h"

#define FENCE "```mermaid\n"

static gboolean
steps_are_equal (LsConnectionStep a, LsConnectionStep b)
{
  return a.state == b.state && a.action == b.action;
}

/* Whether an event leads to the same from everywhere. */
static gboolean
is_an_order (LsConnectionEvent event)
{
  for (guint s = 1; s < LS_N_STATES; s++)
    if (!steps_are_equal (ls_connection_machine_step ((LsState)s, event),
                          ls_connection_machine_step ((LsState)0, event)))
      return FALSE;

  return TRUE;
}

/* Identifiers of the drawing have no hyphens. */
static char *
get_id (LsState state)
{
  return g_strdelimit (g_strdup (ls_state_to_string (state)), "-", '_');
}

static void
draw_step (GString *text, const char *from, const char *events, LsConnectionStep step)
{
  g_autofree char *to = get_id (step.state);

  g_string_append_printf (text, "  %s --> %s : %s", from, to, events);
  if (step.action != LS_CONNECTION_ACTION_NONE)
    g_string_append_printf (text, " / %s", ls_connection_action_to_string (step.action));
  g_string_append_c (text, '\n');
}

/* All events of @state that lead to the same as @event; none if @event is not the first of them. */
static char *
collect_events (LsState state, LsConnectionEvent event)
{
  LsConnectionStep step = ls_connection_machine_step (state, event);
  GString *names = g_string_new (NULL);

  for (guint e = 0; e < LS_N_CONNECTION_EVENTS; e++)
    {
      if (is_an_order ((LsConnectionEvent)e) ||
          !steps_are_equal (ls_connection_machine_step (state, (LsConnectionEvent)e), step))
        continue;
      if (e < event)
        {
          g_string_truncate (names, 0);
          break;
        }
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "",
                              ls_connection_event_to_string ((LsConnectionEvent)e));
    }
  return g_string_free (names, FALSE);
}

static void
draw_state (GString *text, LsState state)
{
  g_autofree char *from = get_id (state);

  for (guint e = 0; e < LS_N_CONNECTION_EVENTS; e++)
    {
      LsConnectionStep step = ls_connection_machine_step (state, (LsConnectionEvent)e);
      g_autofree char *events = NULL;

      if (is_an_order ((LsConnectionEvent)e) ||
          (step.state == state && step.action == LS_CONNECTION_ACTION_NONE))
        continue;

      events = collect_events (state, (LsConnectionEvent)e);
      if (*events != '\0')
        draw_step (text, from, events, step);
    }
}

static char *
draw (void)
{
  GString *text = g_string_new ("stateDiagram-v2\n  state \"any state\" as any\n");

  for (guint s = 0; s < LS_N_STATES; s++)
    {
      g_autofree char *id = get_id ((LsState)s);

      if (!g_str_equal (id, ls_state_to_string ((LsState)s)))
        g_string_append_printf (text, "  state \"%s\" as %s\n", ls_state_to_string ((LsState)s),
                                id);
    }
  for (guint e = 0; e < LS_N_CONNECTION_EVENTS; e++)
    if (is_an_order ((LsConnectionEvent)e))
      draw_step (text, "any", ls_connection_event_to_string ((LsConnectionEvent)e),
                 ls_connection_machine_step ((LsState)0, (LsConnectionEvent)e));
  for (guint s = 0; s < LS_N_STATES; s++)
    draw_state (text, (LsState)s);
  return g_string_free (text, FALSE);
}

static void
test_connection_diagram_is_in_document (gconstpointer path)
{
  g_autofree char *drawing = draw ();
  g_autofree char *text = NULL;
  g_autofree char *part = NULL;
  g_autoptr (GError) error = NULL;
  const char *begin, *end;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  begin = strstr (text, FENCE);
  g_assert_nonnull (begin);
  begin += strlen (FENCE);
  end = strstr (begin, "```");
  g_assert_nonnull (end);
  part = g_strndup (begin, (gsize)(end - begin));
  g_assert_cmpstr (part, ==, drawing);
}

int
main (int argc, char *argv[])
{
  g_autofree char *drawing = NULL;

  if (argc > 1 && g_str_equal (argv[1], "--print"))
    {
      drawing = draw ();
      g_print ("%s", drawing);
      return 0;
    }

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_test_add_data_func ("/core/connection-machine/is-drawn-in-the-readme", argv[1],
                        test_connection_diagram_is_in_document);
  return g_test_run ();
}
