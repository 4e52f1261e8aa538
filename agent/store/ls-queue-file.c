/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-file.h"

#include "ls-error.h"
#include "ls-seal.h"

/* "LSqu" */
#define APPLICATION_ID 0x4c537175

static const LsMigration migrations[] = {
  /* 1: the first */
  "CREATE TABLE action (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL,"
  "  type TEXT NOT NULL, entity TEXT NOT NULL, entity_id TEXT NOT NULL, endpoint TEXT NOT NULL,"
  "  method TEXT NOT NULL, body TEXT, base_version INTEGER NOT NULL, base TEXT, depends_on TEXT,"
  "  coalesce INTEGER NOT NULL, expires_at INTEGER NOT NULL, app TEXT NOT NULL,"
  "  created_at INTEGER NOT NULL, status TEXT NOT NULL, outcome TEXT NOT NULL,"
  "  outcome_unknown INTEGER NOT NULL, attempts INTEGER NOT NULL,"
  "  next_attempt_at INTEGER NOT NULL, http_status INTEGER NOT NULL, reason TEXT, answer TEXT,"
  "  server_version INTEGER NOT NULL, server TEXT, commit_cursor TEXT,"
  "  visible INTEGER NOT NULL, loser TEXT, ended_at INTEGER NOT NULL)",
  /* 2: whether payloads are encrypted, and with which key: something that opens with it */
  "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), proof BLOB);"
  "INSERT INTO meta VALUES (1, NULL)",
  /* 3: the key that an app gave, and what it wanted with it; so far that was the key, unless that was our own */
  "ALTER TABLE action ADD COLUMN app_key TEXT;"
  "ALTER TABLE action ADD COLUMN app_digest TEXT;"
  "UPDATE action SET app_key = key WHERE key <> id",
};

#define FIRST_COLUMNS                                                                              \
  "seq, id, key, type, entity, entity_id, endpoint, method, body, base_version, base, depends_on," \
  " coalesce, expires_at, app, created_at, status, outcome, outcome_unknown, attempts,"            \
  " next_attempt_at, http_status, reason, answer, server_version, server, commit_cursor, visible," \
  " loser, ended_at"
#define COLUMNS FIRST_COLUMNS ", app_key, app_digest"
/* Of a file before version 3. */
#define OLD_COLUMNS FIRST_COLUMNS ", NULLIF (key, id), NULL"
#define SELECT(is_old, rest)                                                                       \
  ((is_old) ? "SELECT " OLD_COLUMNS " FROM action " rest : "SELECT " COLUMNS " FROM action " rest)

/* A payload is sealed for its action and its column. */
#define VALUES                                                                                     \
  "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, seal (?9, 'action', ?2, 'body'), ?10,"                          \
  " seal (?11, 'action', ?2, 'base'), ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23," \
  " seal (?24, 'action', ?2, 'answer'), ?25, seal (?26, 'action', ?2, 'server'), ?27, ?28,"        \
  " seal (?29, 'action', ?2, 'loser'), ?30, ?31, seal (?32, 'action', ?2, 'app_digest')"

/* Rows of a damaged file are looked for one by one between those that can be read from either end, so
 * many at most. */
#define MAX_SEARCH 200000

struct _LsQueueFile
{
  LsDatabase *database; /* (owned) */
  LsCipher *reader; /* (unowned) (nullable): of what was there when it was opened, and until then */
  LsSealer writer;  /* of what is put in */
  GPtrArray *actions; /* (element-type LsAction) (owned) (nullable): until they are taken */
};

/* Reading actions that may be encrypted. */
typedef struct
{
  LsCipher *cipher;     /* (unowned) (nullable) */
  gboolean takes_plain; /* what is not encrypted is as good */
  guint n_lost;         /* how many have something that can't be read so */
} Reading;

/* Returns: whether there was nothing, or it could be read */
static gboolean
read_payload (char **member,
              sqlite3_stmt *stmt,
              int column,
              const char *name,
              const Reading *reading)
{
  const char *const identity[] = { "action", ls_database_column_text (stmt, 1), name, NULL };
  int type = sqlite3_column_type (stmt, column);

  if (type == SQLITE_BLOB && reading->cipher != NULL)
    *member = ls_seal_open_column (stmt, column, reading->cipher, identity);
  else if (type == SQLITE_TEXT && reading->takes_plain)
    *member = g_strdup (ls_database_column_text (stmt, column));
  return *member != NULL || type == SQLITE_NULL;
}

static void
read_payloads (LsAction *action, sqlite3_stmt *stmt, Reading *reading)
{
  gboolean good = read_payload (&action->body, stmt, 8, "body", reading);

  good = read_payload (&action->base, stmt, 10, "base", reading) && good;
  good = read_payload (&action->server, stmt, 25, "server", reading) && good;
  /* What is there to be looked at, brought back or known again is no reason to give up what is to be sent. */
  read_payload (&action->answer, stmt, 23, "answer", reading);
  read_payload (&action->loser, stmt, 28, "loser", reading);
  read_payload (&action->app_digest, stmt, 31, "app_digest", reading);
  if (good)
    return;

  reading->n_lost++;
  ls_action_lose_payloads (action);
}

static void
set_text (char **member, sqlite3_stmt *stmt, int column)
{
  g_free (*member);
  *member = g_strdup (ls_database_column_text (stmt, column));
}

static void
read_request (LsAction *action, sqlite3_stmt *stmt)
{
  action->seq = (guint64)sqlite3_column_int64 (stmt, 0);
  set_text (&action->key, stmt, 2);
  set_text (&action->endpoint, stmt, 6);
  action->method = ls_method_from_string (ls_database_column_text (stmt, 7));
  action->base_version = sqlite3_column_int64 (stmt, 9);
  set_text (&action->depends_on, stmt, 11);
  action->coalesce = sqlite3_column_int (stmt, 12) != 0;
  action->expires_at = sqlite3_column_int64 (stmt, 13);
  set_text (&action->app, stmt, 14);
  action->created_at = sqlite3_column_int64 (stmt, 15);
  set_text (&action->app_key, stmt, 30);
}

static void
read_progress (LsAction *action, sqlite3_stmt *stmt)
{
  action->status = ls_action_status_from_string (ls_database_column_text (stmt, 16));
  action->outcome = ls_outcome_from_string (ls_database_column_text (stmt, 17));
  action->outcome_unknown = sqlite3_column_int (stmt, 18) != 0;
  action->attempts = (guint)sqlite3_column_int (stmt, 19);
  action->next_attempt_at = sqlite3_column_int64 (stmt, 20);
  action->http_status = (guint)sqlite3_column_int (stmt, 21);
  set_text (&action->reason, stmt, 22);
  action->server_version = sqlite3_column_int64 (stmt, 24);
  if (ls_database_column_text (stmt, 26) != NULL)
    ls_cursor_parse (ls_database_column_text (stmt, 26), &action->commit_cursor);
  action->visible = sqlite3_column_int (stmt, 27) != 0;
  action->ended_at = sqlite3_column_int64 (stmt, 29);
}

/* SQLite has no checksums: rubbish in the midst of a text shows as what it can't be. */
static gboolean
is_text (const char *text)
{
  return text == NULL || g_utf8_validate (text, -1, NULL);
}

/* Returns: (nullable): the action on which @stmt stands; %NULL if it makes no sense, as a damaged one
 *   may */
static LsAction *
read_action (sqlite3_stmt *stmt, Reading *reading)
{
  LsActionType type = ls_action_type_from_string (ls_database_column_text (stmt, 3));
  const char *id = ls_database_column_text (stmt, 1);
  const char *entity = ls_database_column_text (stmt, 4);
  const char *entity_id = ls_database_column_text (stmt, 5);
  g_autoptr (LsAction) action = NULL;

  if (type == LS_ACTION_TYPE_INVALID || id == NULL || entity == NULL || entity_id == NULL)
    return NULL;

  action = ls_action_new (id, type, entity, entity_id);
  read_request (action, stmt);
  read_progress (action, stmt);
  read_payloads (action, stmt, reading);
  if (action->method == LS_METHOD_INVALID || action->status == LS_ACTION_STATUS_INVALID ||
      action->key == NULL || action->endpoint == NULL || action->app == NULL ||
      !is_text (action->body) || !is_text (action->base) || !is_text (action->entity_id))
    return NULL;

  return g_steal_pointer (&action);
}

/* Adds what @sql gives to @actions, by `seq`. Returns: whether it came to its end, and all of it made
 * sense */
static gboolean
read_all (LsDatabase *database,
          const char *sql,
          gint64 seq,
          Reading *reading,
          GTree *actions,
          GError **error)
{
  g_autoptr (GError) step_error = NULL;
  guint n_bad = 0;
  sqlite3_stmt *stmt = ls_database_prepare (database, sql, error);

  if (stmt == NULL)
    return FALSE;

  if (sqlite3_bind_parameter_count (stmt) > 0)
    sqlite3_bind_int64 (stmt, 1, seq);
  while (ls_database_step (database, stmt, &step_error))
    {
      LsAction *action = read_action (stmt, reading);

      if (action != NULL)
        g_tree_replace (actions, &action->seq, action);
      else
        n_bad++;
    }
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return FALSE;
    }

  if (n_bad > 0)
    g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "%u actions of the queue make no sense", n_bad);
  return n_bad == 0;
}

static int
compare_seqs (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const guint64 *seq_a = a, *seq_b = b;

  return *seq_a < *seq_b ? -1 : *seq_a > *seq_b;
}

static GTree *
action_tree_new (void)
{
  return g_tree_new_full (compare_seqs, NULL, NULL, (GDestroyNotify)ls_action_free);
}

static GPtrArray *
to_array (GTree *actions)
{
  GPtrArray *array = ls_action_array_new ();

  for (GTreeNode *node = g_tree_node_first (actions); node != NULL; node = g_tree_node_next (node))
    g_ptr_array_add (array, ls_action_copy (g_tree_node_value (node)));
  return array;
}

/* Whether a file was damaged before it could be brought up to date. */
static gboolean
is_old (LsDatabase *damaged)
{
  return ls_database_get_int (damaged, "SELECT count(*) FROM pragma_table_info ('action')"
                                       " WHERE name = 'app_key'") == 0;
}

/* Of a damaged file some pages can be read from the front and some from the back; what lies between is
 * looked for row by row. */
static void
salvage (LsDatabase *damaged, Reading *reading, GTree *actions)
{
  gboolean old = is_old (damaged);
  guint64 first = 1, last = MAX_SEARCH;

  /* Where nothing is known of the table, there is nothing to look for. */
  if (ls_database_prepare (damaged, SELECT (old, "WHERE seq = ?"), NULL) == NULL ||
      read_all (damaged, SELECT (old, "ORDER BY seq"), 0, reading, actions, NULL))
    return;

  if (g_tree_nnodes (actions) > 0)
    first = *(guint64 *)g_tree_node_key (g_tree_node_last (actions)) + 1;
  read_all (damaged, SELECT (old, "WHERE seq >= ? ORDER BY seq DESC"), (gint64)first, reading,
            actions, NULL);
  if (g_tree_nnodes (actions) > 0)
    last = MIN (*(guint64 *)g_tree_node_key (g_tree_node_last (actions)), first + MAX_SEARCH);
  for (guint64 seq = first; seq < last; seq++)
    if (g_tree_lookup (actions, &seq) == NULL)
      read_all (damaged, SELECT (old, "WHERE seq = ?"), (gint64)seq, reading, actions, NULL);
}

static gboolean
put_all (LsQueueFile *self, GPtrArray *actions, GError **error)
{
  gboolean put = TRUE;

  if (!ls_database_run (self->database, "BEGIN IMMEDIATE", error))
    return FALSE;

  for (guint i = 0; i < actions->len && put; i++)
    put = ls_queue_file_put (self, actions->pdata[i], error);
  if (put && ls_seal_note (self->database, error) &&
      ls_database_run (self->database, "COMMIT", error))
    return TRUE;

  ls_database_run (self->database, "ROLLBACK", NULL);
  return FALSE;
}

/* What can be read of the damaged file comes into the new one. The damaged one stays where it is: it
 * may hold more than we can read. */
static gboolean
recover (LsQueueFile *self, const char *aside, GError **error)
{
  g_autoptr (LsDatabase) damaged = ls_database_open_damaged (aside, error);
  g_autoptr (GTree) actions = action_tree_new ();
  Reading reading = { .cipher = self->reader, .takes_plain = TRUE };

  if (damaged == NULL)
    return FALSE;

  salvage (damaged, &reading, actions);
  g_clear_pointer (&self->actions, g_ptr_array_unref);
  self->actions = to_array (actions);
  g_warning (
      "%u actions were recovered from the damaged queue, %u of them without what they say; it is"
      " kept as %s",
      self->actions->len, reading.n_lost, aside);
  return put_all (self, self->actions, error);
}

static gboolean
load (LsQueueFile *self, LsSeal seal, GError **error)
{
  g_autoptr (GTree) actions = action_tree_new ();
  Reading reading = { .cipher = self->reader, .takes_plain = seal == LS_SEAL_NONE };

  if (!read_all (self->database, SELECT (FALSE, "ORDER BY seq"), 0, &reading, actions, error))
    return FALSE;

  self->actions = to_array (actions);
  if (reading.n_lost > 0)
    g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "%u actions of the queue can't be decrypted",
                 reading.n_lost);
  return reading.n_lost == 0;
}

/* Encrypts what is plain, or the other way round, all or nothing. What was there before is overwritten in
 * the file, and the log goes with what it had. */
static gboolean
convert (LsQueueFile *self, GError **error)
{
  return put_all (self, self->actions, error) &&
         ls_database_run (self->database, "PRAGMA wal_checkpoint (TRUNCATE)", error);
}

static LsQueueFile *
try_open (const char *path, LsCipher *reader, LsCipher *writer, char **aside, GError **error)
{
  g_autoptr (LsQueueFile) self = g_new0 (LsQueueFile, 1);

  self->reader = reader;
  self->writer.cipher = writer;
  self->database =
      ls_database_open (path, APPLICATION_ID, migrations, G_N_ELEMENTS (migrations), aside, error);
  if (self->database == NULL || !ls_database_make_durable (self->database, error) ||
      !ls_seal_install (self->database, &self->writer, error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Reads what is in a file that was not moved aside. Returns: whether all of it could be read */
static gboolean
begin (LsQueueFile *self, LsSeal *seal, GError **error)
{
  if (!ls_seal_check (self->database, self->reader, seal, error))
    return FALSE;

  if (*seal != LS_SEAL_NONE && self->reader == NULL)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the queue is encrypted");
      return FALSE;
    }
  return load (self, *seal, error);
}

/* Makes a new file of one that is damaged. Returns: (nullable): it, with what could be read */
static LsQueueFile *
replace (LsQueueFile *old, const char *path, GError **error)
{
  LsCipher *reader = old->reader, *writer = old->writer.cipher;
  g_autoptr (LsQueueFile) self = NULL;
  g_autofree char *aside = NULL;

  ls_queue_file_free (old);
  aside = ls_database_move_aside (path, error);
  if (aside != NULL)
    self = try_open (path, reader, writer, NULL, error);
  if (self == NULL || !recover (self, aside, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ls_queue_file_open:
 * @path: the file
 * @reader: (nullable): what opens payloads that are encrypted, to read what is there
 * @writer: (nullable): what they are encrypted with from now on; must live as long as the queue; %NULL: nothing
 * @error: %LS_ERROR_STORAGE; %LS_ERROR_NEWER_STORE: left as it was; %LS_ERROR_LOCKED: they are encrypted,
 *   and there is no @reader
 *
 * Opens a queue, and makes it if it is not there. A damaged one is moved aside, and what can be read of
 * it comes into a new one. So is one that @reader does not open: its actions become dead letters, which
 * are their user's to decide about.
 *
 * Returns: (transfer full) (nullable): the queue
 */
LsQueueFile *
ls_queue_file_open (const char *path, LsCipher *reader, LsCipher *writer, GError **error)
{
  g_autofree char *aside = NULL;
  g_autoptr (GError) begin_error = NULL;
  g_autoptr (LsQueueFile) self = try_open (path, reader, writer, &aside, error);
  LsSeal wanted = writer != NULL ? LS_SEAL_OURS : LS_SEAL_NONE;
  LsSeal seal = wanted;

  if (self == NULL || (aside != NULL && !recover (self, aside, error)))
    return NULL;
  if (aside == NULL && !begin (self, &seal, &begin_error))
    {
      if (!ls_database_is_read_only (self->database) &&
          !g_error_matches (begin_error, LS_ERROR, LS_ERROR_LOCKED))
        return replace (g_steal_pointer (&self), path, error);
      g_propagate_error (error, g_steal_pointer (&begin_error));
      return NULL;
    }
  if (seal != wanted && !ls_database_is_read_only (self->database) && !convert (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ls_queue_file_free:
 * @self: (transfer full): a queue
 *
 * Closes it.
 */
void
ls_queue_file_free (LsQueueFile *self)
{
  g_clear_pointer (&self->database, ls_database_free);
  g_clear_pointer (&self->actions, g_ptr_array_unref);
  g_free (self);
}

/**
 * ls_queue_file_get_database:
 * @self: a queue
 *
 * Returns: (transfer none): its database
 */
LsDatabase *
ls_queue_file_get_database (LsQueueFile *self)
{
  return self->database;
}

/**
 * ls_queue_file_take_actions:
 * @self: a queue that was just opened
 *
 * Returns: (transfer full) (element-type LsAction): what was in it, in the order of `seq`
 */
GPtrArray *
ls_queue_file_take_actions (LsQueueFile *self)
{
  return g_steal_pointer (&self->actions);
}

static void
bind_request (sqlite3_stmt *stmt, const LsAction *action)
{
  sqlite3_bind_int64 (stmt, 1, (gint64)action->seq);
  ls_database_bind_text (stmt, 2, action->id);
  ls_database_bind_text (stmt, 3, action->key);
  ls_database_bind_text (stmt, 4, ls_action_type_to_string (action->type));
  ls_database_bind_text (stmt, 5, action->entity);
  ls_database_bind_text (stmt, 6, action->entity_id);
  ls_database_bind_text (stmt, 7, action->endpoint);
  ls_database_bind_text (stmt, 8, ls_method_to_string (action->method));
  ls_database_bind_text (stmt, 9, action->body);
  sqlite3_bind_int64 (stmt, 10, action->base_version);
  ls_database_bind_text (stmt, 11, action->base);
  ls_database_bind_text (stmt, 12, action->depends_on);
  sqlite3_bind_int (stmt, 13, action->coalesce);
  sqlite3_bind_int64 (stmt, 14, action->expires_at);
  ls_database_bind_text (stmt, 15, action->app);
  sqlite3_bind_int64 (stmt, 16, action->created_at);
  ls_database_bind_text (stmt, 31, action->app_key);
  ls_database_bind_text (stmt, 32, action->app_digest);
}

static void
bind_progress (sqlite3_stmt *stmt, const LsAction *action, const char *cursor)
{
  ls_database_bind_text (stmt, 17, ls_action_status_to_string (action->status));
  ls_database_bind_text (stmt, 18, ls_outcome_to_string (action->outcome));
  sqlite3_bind_int (stmt, 19, action->outcome_unknown);
  sqlite3_bind_int (stmt, 20, (int)action->attempts);
  sqlite3_bind_int64 (stmt, 21, action->next_attempt_at);
  sqlite3_bind_int (stmt, 22, (int)action->http_status);
  ls_database_bind_text (stmt, 23, action->reason);
  ls_database_bind_text (stmt, 24, action->answer);
  sqlite3_bind_int64 (stmt, 25, action->server_version);
  ls_database_bind_text (stmt, 26, action->server);
  ls_database_bind_text (stmt, 27, cursor);
  sqlite3_bind_int (stmt, 28, action->visible);
  ls_database_bind_text (stmt, 29, action->loser);
  sqlite3_bind_int64 (stmt, 30, action->ended_at);
}

/**
 * ls_queue_file_put:
 * @self: a queue, in a transaction
 * @action: an action with its `seq`, new or changed
 * @error: %LS_ERROR_STORAGE: roll back
 *
 * Returns: whether it is in
 */
gboolean
ls_queue_file_put (LsQueueFile *self, const LsAction *action, GError **error)
{
  g_autofree char *cursor = ls_cursor_to_string (action->commit_cursor);
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database, "INSERT OR REPLACE INTO action (" COLUMNS ") VALUES (" VALUES ")", error);

  if (stmt == NULL)
    return FALSE;

  bind_request (stmt, action);
  bind_progress (stmt, action, cursor);
  return ls_database_finish (self->database, stmt, error);
}

/**
 * ls_queue_file_remove:
 * @self: a queue, in a transaction
 * @id: of an action that is over and done with
 * @error: %LS_ERROR_STORAGE: roll back
 *
 * Returns: whether it is gone; it need not have been there
 */
gboolean
ls_queue_file_remove (LsQueueFile *self, const char *id, GError **error)
{
  sqlite3_stmt *stmt =
      ls_database_prepare (self->database, "DELETE FROM action WHERE id = ?", error);

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, id);
  return ls_database_finish (self->database, stmt, error);
}
