/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-options.h"

#include "ls-error.h"

/* How many actions List returns, and the longest that WaitFor may be told to wait, in seconds
 * (org.labsync.Agent1.Queue). */
#define DEFAULT_LIMIT 100
#define MAX_LIMIT 500
#define MAX_WAIT 86400

static gboolean
refuse_value (const char *option, const char *value, GError **error)
{
  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "“%s” is no %s", value, option);
  return FALSE;
}

static const char *
or_null (const char *text)
{
  return *text != '\0' ? text : NULL;
}

/**
 * ls_queue_options_read_draft:
 * @options: of Enqueue, checked
 * @type: what is to be done
 * @draft: (inout): gets its type, and what @options say; they own its texts
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether they make sense
 */
gboolean
ls_queue_options_read_draft (GVariant *options,
                             const char *type,
                             LsActionDraft *draft,
                             GError **error)
{
  const char *method = NULL;
  guint64 expires_at = 0;

  draft->type = ls_action_type_from_string (type);
  if (draft->type == LS_ACTION_TYPE_INVALID)
    return refuse_value ("type", type, error);

  g_variant_lookup (options, "endpoint", "&s", &draft->endpoint);
  g_variant_lookup (options, "base-version", "x", &draft->base_version);
  g_variant_lookup (options, "idempotency-key", "&s", &draft->key);
  g_variant_lookup (options, "depends-on", "&s", &draft->depends_on);
  g_variant_lookup (options, "coalesce", "b", &draft->coalesce);
  g_variant_lookup (options, "expires-at", "t", &expires_at);
  draft->expires_at = (gint64)MIN (expires_at, G_MAXINT64);
  if (g_variant_lookup (options, "method", "&s", &method))
    {
      draft->method = ls_method_from_string (method);
      if (draft->method == LS_METHOD_INVALID)
        return refuse_value ("method", method, error);
    }
  if (draft->base_version < 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "option “base-version” is not negative");
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_queue_listing_clear:
 * @listing: a listing
 *
 * Frees what is in it.
 */
void
ls_queue_listing_clear (LsQueueListing *listing)
{
  g_clear_pointer (&listing->entity, g_free);
  g_clear_pointer (&listing->after, g_free);
}

static gboolean
parse_statuses (GVariant *options, guint *statuses, GError **error)
{
  g_autofree const char **names = NULL;

  if (!g_variant_lookup (options, "status", "^a&s", &names))
    return TRUE;

  for (guint i = 0; names[i] != NULL; i++)
    {
      LsActionStatus status = ls_action_status_from_string (names[i]);

      if (status == LS_ACTION_STATUS_INVALID)
        return refuse_value ("status", names[i], error);
      *statuses |= 1u << status;
    }

  return TRUE;
}

static gboolean
parse_after (GVariant *options, char **after, GError **error)
{
  const char *text = "";

  g_variant_lookup (options, "after", "&s", &text);
  if (*text != '\0' && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, NULL, NULL))
    return refuse_value ("end of a page", text, error);

  *after = g_strdup (or_null (text));
  return TRUE;
}

/**
 * ls_queue_options_read_listing:
 * @options: of List, checked
 * @listing: (out caller-allocates): what they ask for
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether they make sense
 */
gboolean
ls_queue_options_read_listing (GVariant *options, LsQueueListing *listing, GError **error)
{
  *listing = (LsQueueListing) { .limit = DEFAULT_LIMIT };
  g_variant_lookup (options, "entity", "s", &listing->entity);
  g_variant_lookup (options, "limit", "u", &listing->limit);
  if (listing->limit < 1 || listing->limit > MAX_LIMIT)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "option “limit” is 1 to %d",
                   MAX_LIMIT);
      return FALSE;
    }

  return parse_after (options, &listing->after, error) &&
         parse_statuses (options, &listing->statuses, error);
}

/**
 * ls_queue_options_read_wait:
 * @options: of WaitFor, checked
 * @name: until what
 * @until: (out): the same
 * @timeout: (out): how long, in seconds; 0: as long as it takes
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether they make sense
 */
gboolean
ls_queue_options_read_wait (GVariant *options,
                            const char *name,
                            LsWaitUntil *until,
                            guint *timeout,
                            GError **error)
{
  gboolean accepted = g_str_equal (name, "accepted");

  *timeout = 0;
  if (!accepted && !g_str_equal (name, "visible"))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "one waits until accepted or visible, not “%s”", name);
      return FALSE;
    }

  *until = accepted ? LS_WAIT_UNTIL_ACCEPTED : LS_WAIT_UNTIL_VISIBLE;
  if (g_variant_lookup (options, "timeout", "u", timeout) && (*timeout < 1 || *timeout > MAX_WAIT))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "option “timeout” is 1 to %d",
                   MAX_WAIT);
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_queue_options_read_resolution:
 * @options: of Resolve, checked
 * @name: how a conflict is to be settled
 * @merged: what is to be sent; empty: nothing
 * @resolution: (out): the same as @name
 * @version: (out): the version at the server that the user has seen
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether they make sense
 */
gboolean
ls_queue_options_read_resolution (GVariant *options,
                                  const char *name,
                                  const char *merged,
                                  LsResolution *resolution,
                                  gint64 *version,
                                  GError **error)
{
  *resolution = ls_resolution_from_string (name);
  if (*resolution == LS_RESOLUTION_INVALID)
    return refuse_value ("resolution", name, error);
  if (!g_variant_lookup (options, "server-version", "x", version))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "option “server-version” is required");
      return FALSE;
    }
  if ((*resolution == LS_RESOLUTION_MERGE) != (*merged != '\0'))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "merge comes with a merged object, and nothing else does");
      return FALSE;
    }

  return TRUE;
}
