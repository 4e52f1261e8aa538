/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"
#include "ls-data-editor.h"
#include "ls-random.h"

G_BEGIN_DECLS

/** LS_MAX_ENDPOINT: bytes of a path on the server */
#define LS_MAX_ENDPOINT 1024

/** LS_MAX_ACTION_KEY: characters of an idempotency key; labsync-server takes no longer one */
#define LS_MAX_ACTION_KEY 128

/**
 * LsActionDraft:
 * @type: what is to be done
 * @entity: singular name of an entity, or any plain name when there is an @endpoint
 * @entity_id: (nullable): to which row; a create without one gets a UUID
 * @body: (nullable): JSON object
 * @endpoint: (nullable): a path on the server; %NULL: by @type and @entity
 * @method: %LS_METHOD_INVALID: by @type
 * @base_version: the version that it was made from; 0: what the cache has
 * @key: (nullable): idempotency key; %NULL: the id
 * @depends_on: (nullable): id of the action that must be done before
 * @coalesce: may be merged with one of the same row that waits
 * @expires_at: not to be sent any more after this, milliseconds since the epoch; 0: never
 * @app: who asks
 *
 * What an app asks for. All pointers are (unowned).
 */
typedef struct
{
  LsActionType type;
  const char *entity;
  const char *entity_id;
  const char *body;
  const char *endpoint;
  LsMethod method;
  gint64 base_version;
  const char *key;
  const char *depends_on;
  gboolean coalesce;
  gint64 expires_at;
  const char *app;
} LsActionDraft;

LsAction *ls_action_draft_make (const LsActionDraft *draft,
                                const LsDataEditor *editor,
                                LsRandom *random,
                                gint64 wall_ms,
                                GError **error);
gboolean ls_action_draft_goes_to_its_row (const LsActionDraft *draft);
gboolean ls_action_draft_set_body (LsAction *action,
                                   const char *body,
                                   const LsDataEditor *editor,
                                   GError **error);
char *ls_action_get_row_path (const LsAction *action);

G_END_DECLS
