/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-log-page.h"

#include "ls-bus-events.h"
#include "ls-event-packet.h"

/**
 * ls_log_page_new:
 * @after_seq: it begins after this event
 * @up_to: how far it looks at the log
 * @types: (nullable) (array): which types it was read for; %NULL: all
 * @events: (element-type LsEvent): the events; a reference is taken
 *
 * Returns: (transfer full): a page
 */
LsLogPage *
ls_log_page_new (guint64 after_seq, guint64 up_to, const gboolean *types, GPtrArray *events)
{
  LsLogPage *page = g_rc_box_new0 (LsLogPage);

  page->after_seq = after_seq;
  page->up_to = up_to;
  page->types = g_memdup2 (types, sizeof (gboolean) * ls_event_type_get_count ());
  page->events = g_ptr_array_ref (events);
  return page;
}

/**
 * ls_log_page_ref:
 * @page: a page
 *
 * Returns: (transfer full): @page
 */
LsLogPage *
ls_log_page_ref (LsLogPage *page)
{
  return g_rc_box_acquire (page);
}

static void
page_clear (gpointer data)
{
  LsLogPage *page = data;

  g_ptr_array_unref (page->events);
  g_free (page->types);
  g_clear_pointer (&page->batch, g_variant_unref);
  g_clear_pointer (&page->packet, g_bytes_unref);
}

/**
 * ls_log_page_unref:
 * @page: (transfer full): a page
 *
 * Gives a reference back.
 */
void
ls_log_page_unref (LsLogPage *page)
{
  g_rc_box_release_full (page, page_clear);
}

/**
 * ls_log_page_narrow:
 * @page: a page
 * @events: (element-type LsEvent): some of its events, or the same array
 *
 * Returns: (transfer full): a page with just @events; mostly everybody wants all of them, and then
 *   gets @page itself and what was made of it
 */
LsLogPage *
ls_log_page_narrow (LsLogPage *page, GPtrArray *events)
{
  if (events == page->events)
    return ls_log_page_ref (page);

  return ls_log_page_new (page->after_seq, page->up_to, page->types, events);
}

/**
 * ls_log_page_get_batch:
 * @page: a page
 *
 * Returns: (transfer none): all its events as they are on the bus; the same for everybody
 */
GVariant *
ls_log_page_get_batch (LsLogPage *page)
{
  if (page->batch == NULL)
    page->batch = g_variant_ref_sink (ls_bus_events_new (page->events));

  return page->batch;
}

/**
 * ls_log_page_get_packet:
 * @page: a page with at least one event
 *
 * Returns: (transfer none): all its events as they are on a stream; the same for everybody
 */
GBytes *
ls_log_page_get_packet (LsLogPage *page)
{
  if (page->packet == NULL)
    page->packet = ls_event_packet_new (page->events);

  return page->packet;
}
