/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-classic-sight.h"

#include <string.h>

/* What is saved: role, and the ids of students, people and classes */
#define SAVED_TYPE "(sasasas)"

/* How much of a user somebody may see (protocol, "Who sees and writes what") */
static const char *const name_members[] = { "id", "name", NULL };
static const char *const role_members[] = { "id", "name", "role", NULL };
static const char *const contact_members[] = { "id", "name", "role", "email", NULL };

/* The tables that tell a role whose rows it may see, in the order in which they make sense of each
 * other. The classic system has none that tells a parent whose parent it is. */
static const char *const teacher_tables[] = { "teachers", "schedules", "classes", "students",
                                              NULL };
static const char *const student_tables[] = { "students", NULL };
static const char *const no_tables[] = { NULL };

/**
 * LsClassicSight:
 *
 * The classic system sends everybody's rows to everybody. This decides which of them, and how much,
 * the user may see: what protocol.md says of labsync-server, as far as it can be told here. What can't
 * be told is not shown.
 */
struct _LsClassicSight
{
  char *user_id; /* (owned) */
  LsRole role;
  LsDataReader reader;
  guint n_learnt;       /* of the role's tables */
  GHashTable *teachers; /* (owned) (element-type utf8 utf8): the user as a teacher */
  GHashTable *students; /* (owned) (element-type utf8 utf8): the user as a student */
  GHashTable *people;   /* (owned) (element-type utf8 utf8): classmates, or pupils: user ids */
  GHashTable *classes;  /* (owned) (element-type utf8 utf8): that the user is in or teaches */
};

static GHashTable *
id_set_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * ls_classic_sight_new:
 * @user: who looks
 * @reader: reads data
 *
 * Returns: (transfer full): the sight of somebody of whom nothing more is known yet
 */
LsClassicSight *
ls_classic_sight_new (const LsUser *user, const LsDataReader *reader)
{
  LsClassicSight *self = g_new0 (LsClassicSight, 1);

  self->user_id = g_strdup (user->id);
  self->role = user->role;
  self->reader = *reader;
  self->teachers = id_set_new ();
  self->students = id_set_new ();
  self->people = id_set_new ();
  self->classes = id_set_new ();
  return self;
}

/**
 * ls_classic_sight_free:
 * @self: (transfer full): a sight
 *
 * Frees it.
 */
void
ls_classic_sight_free (LsClassicSight *self)
{
  g_hash_table_unref (self->teachers);
  g_hash_table_unref (self->students);
  g_hash_table_unref (self->people);
  g_hash_table_unref (self->classes);
  g_free (self->user_id);
  g_free (self);
}

static const char *const *
get_tables (LsClassicSight *self)
{
  if (self->role == LS_ROLE_TEACHER)
    return teacher_tables;

  return self->role == LS_ROLE_STUDENT ? student_tables : no_tables;
}

/**
 * ls_classic_sight_get_wanted:
 * @self: a sight
 *
 * Returns: (transfer none) (nullable): the table that it needs next; %NULL: it knows all it can
 */
const char *
ls_classic_sight_get_wanted (LsClassicSight *self)
{
  return get_tables (self)[self->n_learnt];
}

static char *
get (LsClassicSight *self, const char *data, const char *name)
{
  return self->reader.get_text (data, name);
}

static gboolean
has (LsClassicSight *self, GHashTable *ids, const char *data, const char *name)
{
  g_autofree char *id = get (self, data, name);

  return id != NULL && g_hash_table_contains (ids, id);
}

/* Nobody is in a class without a name. */
static void
add_id (GHashTable *ids, char *id)
{
  if (id != NULL && *id != '\0')
    g_hash_table_add (ids, id);
  else
    g_free (id);
}

static gboolean
is_me (LsClassicSight *self, const char *data, const char *name)
{
  g_autofree char *id = get (self, data, name);

  return g_strcmp0 (id, self->user_id) == 0;
}

static void
add (LsClassicSight *self, GHashTable *ids, const char *data, const char *name)
{
  add_id (ids, get (self, data, name));
}

static void
learn_teacher (LsClassicSight *self, const char *data)
{
  if (is_me (self, data, "user_id"))
    add (self, self->teachers, data, "id");
}

static void
learn_schedule (LsClassicSight *self, const char *data)
{
  if (has (self, self->teachers, data, "teacher_id"))
    add (self, self->classes, data, "class_id");
}

/* Students name their class by its id or by its name. */
static void
learn_class (LsClassicSight *self, const char *data)
{
  if (!has (self, self->teachers, data, "homeroom_teacher_id") &&
      !has (self, self->classes, data, "id"))
    return;

  add (self, self->classes, data, "id");
  add (self, self->classes, data, "name");
}

/* A student's own rows tell which class it is whose people are classmates. Schools write different
 * things into the two columns, so only both together are a class. */
static char *
get_class (LsClassicSight *self, const char *data)
{
  g_autofree char *class = get (self, data, "class");
  g_autofree char *name = get (self, data, "class_name");

  if ((class == NULL || *class == '\0') && (name == NULL || *name == '\0'))
    return NULL;

  return g_strdup_printf ("%s\n%s", class != NULL ? class : "", name != NULL ? name : "");
}

static gboolean
is_in_my_class (LsClassicSight *self, const char *data)
{
  g_autofree char *class = NULL;

  if (self->role == LS_ROLE_TEACHER)
    return has (self, self->classes, data, "class") ||
           has (self, self->classes, data, "class_name");

  class = get_class (self, data);
  return class != NULL && g_hash_table_contains (self->classes, class);
}

static void
learn_student (LsClassicSight *self, const char *data)
{
  if (is_in_my_class (self, data))
    add (self, self->people, data, "user_id");
}

static void
learn_self (LsClassicSight *self, const char *data)
{
  if (self->role != LS_ROLE_STUDENT || !is_me (self, data, "user_id"))
    return;

  add (self, self->students, data, "id");
  add_id (self->classes, get_class (self, data));
}

/**
 * ls_classic_sight_learn:
 * @self: a sight that wants a table
 * @rows: (element-type LsRow): the table
 *
 * Learns from the table that ls_classic_sight_get_wanted() names.
 */
void
ls_classic_sight_learn (LsClassicSight *self, GPtrArray *rows)
{
  /* In this order; some need what another has found in the same table. */
  static const struct
  {
    const char *table;
    void (*learn) (LsClassicSight *, const char *);
  } lessons[] = {
    { "teachers", learn_teacher }, { "schedules", learn_schedule }, { "classes", learn_class },
    { "students", learn_self },    { "students", learn_student },
  };
  const char *table = ls_classic_sight_get_wanted (self);

  g_return_if_fail (table != NULL);

  for (guint lesson = 0; lesson < G_N_ELEMENTS (lessons); lesson++)
    for (guint i = 0; g_str_equal (lessons[lesson].table, table) && i < rows->len; i++)
      lessons[lesson].learn (self, ((LsRow *)rows->pdata[i])->data);
  self->n_learnt++;
}

/**
 * ls_classic_sight_can_judge:
 * @self: a sight
 * @entity: an entity
 *
 * Returns: whether ls_classic_sight_look() can tell for sure which rows of @entity may be seen; of
 *   those that it can't, nothing is to be taken, and nothing to be removed either
 */
gboolean
ls_classic_sight_can_judge (LsClassicSight *self, LsEntity entity)
{
  if (ls_entity_get_poll_name (entity) == NULL)
    return FALSE;
  if (ls_classic_sight_get_wanted (self) == NULL)
    return TRUE;

  return entity != LS_ENTITY_GRADE && entity != LS_ENTITY_ATTENDANCE && entity != LS_ENTITY_USER;
}

static gboolean
sees_mark (LsClassicSight *self, const char *data, const char *author)
{
  if (self->role == LS_ROLE_TEACHER)
    return has (self, self->classes, data, "class_id") || is_me (self, data, author);

  return has (self, self->students, data, "student_id");
}

/* The audience is a list of roles, written as JSON into a string; none means everybody. */
static gboolean
is_addressed (LsClassicSight *self, const char *data)
{
  g_autofree char *active = get (self, data, "is_active");
  g_autofree char *audience = get (self, data, "target_audience");
  g_autofree char *role = g_strdup_printf ("\"%s\"", ls_role_to_string (self->role));

  if (active != NULL && (g_str_equal (active, "0") || g_str_equal (active, "false")))
    return FALSE;

  return audience == NULL || *audience == '\0' || strstr (audience, role) != NULL;
}

static char *
look_at_user (LsClassicSight *self, const char *data)
{
  g_autofree char *role = get (self, data, "role");
  gboolean is_teacher = g_strcmp0 (role, ls_role_to_string (LS_ROLE_TEACHER)) == 0;
  gboolean is_mine = has (self, self->people, data, "id");

  if (is_me (self, data, "id"))
    return g_strdup (data);

  switch (self->role)
    {
    case LS_ROLE_TEACHER:
      return self->reader.keep_members (data, is_mine ? contact_members : role_members);
    case LS_ROLE_STUDENT:
      return is_mine || is_teacher ? self->reader.keep_members (data, role_members) : NULL;
    case LS_ROLE_PARENT:
      return is_teacher ? self->reader.keep_members (data, name_members) : NULL;
    case LS_ROLE_NONE:
    case LS_ROLE_ADMIN:
    default:
      return NULL;
    }
}

static gboolean
sees (LsClassicSight *self, LsEntity entity, const char *data)
{
  if (self->role == LS_ROLE_NONE)
    return FALSE;

  switch ((guint)entity)
    {
    case LS_ENTITY_GRADE:
      return sees_mark (self, data, "created_by");
    case LS_ENTITY_ATTENDANCE:
      return sees_mark (self, data, "recorded_by");
    case LS_ENTITY_ANNOUNCEMENT:
      return is_addressed (self, data) ||
             (self->role == LS_ROLE_TEACHER && is_me (self, data, "created_by"));
    case LS_ENTITY_LIBRARY_MATERIAL:
      return self->role != LS_ROLE_PARENT;
    case LS_ENTITY_EVENT:
      return TRUE;
    default:
      return FALSE;
    }
}

/**
 * ls_classic_sight_look:
 * @self: a sight that can judge @entity
 * @entity: what kind of row
 * @data: the row
 *
 * Returns: (transfer full) (nullable): what the user may see of it; %NULL: nothing
 */
char *
ls_classic_sight_look (LsClassicSight *self, LsEntity entity, const char *data)
{
  if (self->role == LS_ROLE_ADMIN)
    return g_strdup (data);
  if (entity == LS_ENTITY_USER)
    return look_at_user (self, data);

  return sees (self, entity, data) ? g_strdup (data) : NULL;
}

static GVariant *
save_ids (GHashTable *ids)
{
  g_autofree const char **keys = (const char **)g_hash_table_get_keys_as_array (ids, NULL);

  return g_variant_new_strv (keys, g_hash_table_size (ids));
}

/**
 * ls_classic_sight_save:
 * @self: a sight that knows all it can
 *
 * Returns: (transfer full): text for ls_classic_sight_load(): the tables can be asked for only with
 *   the token of a sign-in
 */
char *
ls_classic_sight_save (LsClassicSight *self)
{
  g_autoptr (GVariant) saved = g_variant_ref_sink (
      g_variant_new ("(s@as@as@as)", ls_role_to_string (self->role), save_ids (self->students),
                     save_ids (self->people), save_ids (self->classes)));

  return g_variant_print (saved, FALSE);
}

static void
load_ids (GHashTable *ids, GVariant *saved, gsize child)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (saved, child);
  g_autofree const char **keys = g_variant_get_strv (list, NULL);

  for (gsize i = 0; keys[i] != NULL; i++)
    g_hash_table_add (ids, g_strdup (keys[i]));
}

/**
 * ls_classic_sight_load:
 * @self: a sight of whom nothing is known
 * @text: (nullable): what was saved
 *
 * Returns: whether it knows now all it can; not if the role is another one
 */
gboolean
ls_classic_sight_load (LsClassicSight *self, const char *text)
{
  g_autoptr (GVariant) saved = NULL;
  const char *role;

  if (text == NULL || *text == '\0')
    return FALSE;

  saved = g_variant_parse (G_VARIANT_TYPE (SAVED_TYPE), text, NULL, NULL, NULL);
  if (saved == NULL)
    return FALSE;

  g_variant_get_child (saved, 0, "&s", &role);
  if (!g_str_equal (role, ls_role_to_string (self->role)))
    return FALSE;

  load_ids (self->students, saved, 1);
  load_ids (self->people, saved, 2);
  load_ids (self->classes, saved, 3);
  self->n_learnt = g_strv_length ((char **)get_tables (self));
  return TRUE;
}
