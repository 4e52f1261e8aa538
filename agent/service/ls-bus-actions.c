/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-bus-actions.h"

#include "ls-json-variant.h"
#include "ls-json-writer.h"

static void
add (GVariantBuilder *members, const char *name, GVariant *value)
{
  g_variant_builder_add (members, "{sv}", name, value);
}

/* @text: (nullable): none is empty on the bus */
static void
add_text (GVariantBuilder *members, const char *name, const char *text)
{
  add (members, name, g_variant_new_string (text != NULL ? text : ""));
}

static void
add_time (GVariantBuilder *members, const char *name, gint64 ms)
{
  add (members, name, g_variant_new_uint64 ((guint64)ms));
}

/* What the user wants, in the order in which scripts get it. */
static void
add_request (GVariantBuilder *members, const LsAction *action, gboolean open)
{
  add_text (members, "id", action->id);
  add_text (members, "type", ls_action_type_to_string (action->type));
  add_text (members, "entity", action->entity);
  add_text (members, "entity-id", action->entity_id);
  add_text (members, "endpoint", action->endpoint);
  add_text (members, "method", ls_method_to_string (action->method));
  add_text (members, "data", open ? action->body : NULL);
  add (members, "base-version", g_variant_new_int64 (action->base_version));
  add_text (members, "depends-on", action->depends_on);
  add_text (members, "idempotency-key", action->app_key != NULL ? action->app_key : action->key);
  add (members, "coalesce", g_variant_new_boolean (action->coalesce));
  add_time (members, "expires-at", action->expires_at);
  add_text (members, "app", action->app);
  add_time (members, "created", action->created_at);
}

/* What has come of it. */
static void
add_fate (GVariantBuilder *members, const LsAction *action, const char *detail, gboolean open)
{
  add_text (members, "status", ls_action_status_to_string (action->status));
  add_text (members, "detail", detail);
  add_text (members, "outcome", ls_outcome_to_string (action->outcome));
  add (members, "attempts", g_variant_new_uint32 (action->attempts));
  add_time (members, "next-attempt", action->next_attempt_at);
  add (members, "http-status", g_variant_new_uint32 (action->http_status));
  add_text (members, "error", action->reason);
  add_text (members, "answer", open ? action->answer : NULL);
  add (members, "visible", g_variant_new_boolean (action->visible));
  add_time (members, "ended", action->ended_at);
  add (members, "undoable", g_variant_new_boolean (action->loser != NULL));
}

/**
 * ls_bus_action_new:
 * @action: an action
 * @detail: its member `detail`
 * @open: whether it is for somebody who may see its row; else what may tell of that is empty
 *
 * Returns: (transfer floating): an `a{sv}` with its members, see org.labsync.Agent1.Queue
 */
GVariant *
ls_bus_action_new (const LsAction *action, const char *detail, gboolean open)
{
  GVariantBuilder members;

  g_variant_builder_init (&members, G_VARIANT_TYPE_VARDICT);
  add_request (&members, action, open);
  add_fate (&members, action, detail, open);
  return g_variant_builder_end (&members);
}

/**
 * ls_bus_action_new_details:
 * @action: an action
 * @detail: its member `detail`
 * @open: whether it is for somebody who may see its row; else that is left out
 *
 * Returns: (transfer floating): an `a{sv}` as ActionChanged has it, see org.labsync.Agent1.Queue
 */
GVariant *
ls_bus_action_new_details (const LsAction *action, const char *detail, gboolean open)
{
  GVariantBuilder members;

  g_variant_builder_init (&members, G_VARIANT_TYPE_VARDICT);
  add_text (&members, "outcome", ls_outcome_to_string (action->outcome));
  add (&members, "http-status", g_variant_new_uint32 (action->http_status));
  add_text (&members, "reason", action->reason);
  if (open)
    add_text (&members, "row", action->server);
  add_text (&members, "entity", action->entity);
  add_text (&members, "entity-id", action->entity_id);
  add_text (&members, "detail", detail);
  return g_variant_builder_end (&members);
}

static void
write_side (GString *out, const char *name, const char *json)
{
  ls_json_write_object (out, name, json != NULL ? json : "");
}

/**
 * ls_bus_action_append_json:
 * @out: where to
 * @action: an action
 * @detail: its member `detail`
 *
 * Appends it with everything that is known of it, as Export gives it; see org.labsync.Agent1.Queue.
 */
void
ls_bus_action_append_json (GString *out, const LsAction *action, const char *detail)
{
  static const char *const raw[] = { "data", NULL };
  g_autoptr (GVariant) members = g_variant_ref_sink (ls_bus_action_new (action, detail, TRUE));

  g_string_append_c (out, '{');
  ls_json_write_dict (out, members, raw);
  write_side (out, "base", action->base);
  write_side (out, "server", action->server);
  ls_json_write_int (out, "server_version", action->server_version);
  write_side (out, "loser", action->loser);
  g_string_append_c (out, '}');
}
