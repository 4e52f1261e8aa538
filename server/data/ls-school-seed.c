/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-password.h"
#include "ls-rows.h"
#include "ls-school-private.h"
#include "ls-transaction.h"
#include "ls-viewer-private.h"

#define PASSWORD "demo"
#define ADMIN "demo-admin"

/* A small school to try things with (contract, "labsync-server"): one class of two students, with
 * grades of both; the parent is the first student's. */
static const struct
{
  const char *table;
  const char *json;
} rows[] = {
  { "users", "{\"id\":\"demo-admin\",\"name\":\"Budi Santoso\",\"email\":\"admin@demo.test\","
             "\"role\":\"admin\"}" },
  { "users", "{\"id\":\"demo-teacher\",\"name\":\"Siti Rahayu\",\"email\":\"teacher@demo.test\","
             "\"role\":\"teacher\"}" },
  { "users", "{\"id\":\"demo-student\",\"name\":\"Andi Wijaya\",\"email\":\"student@demo.test\","
             "\"role\":\"student\",\"extra_role\":\"osis\"}" },
  { "users", "{\"id\":\"demo-student2\",\"name\":\"Dewi Lestari\",\"email\":\"student2@demo.test\","
             "\"role\":\"student\"}" },
  { "users", "{\"id\":\"demo-parent\",\"name\":\"Hasan Wijaya\",\"email\":\"parent@demo.test\","
             "\"role\":\"parent\"}" },
  { "teachers", "{\"id\":\"teacher-1\",\"user_id\":\"demo-teacher\","
                "\"nip\":\"198001012005012001\",\"subjects\":\"Matematika\"}" },
  { "subjects", "{\"id\":\"subject-1\",\"name\":\"Matematika\",\"code\":\"MTK\"}" },
  { "subjects", "{\"id\":\"subject-2\",\"name\":\"Fisika\",\"code\":\"FIS\"}" },
  { "classes", "{\"id\":\"class-1\",\"name\":\"X IPA 1\",\"homeroom_teacher_id\":\"teacher-1\","
               "\"academic_year\":\"2026/2027\",\"semester\":\"1\"}" },
  { "students", "{\"id\":\"student-1\",\"user_id\":\"demo-student\",\"nisn\":\"0101010101\","
                "\"nis\":\"1001\",\"class\":\"class-1\",\"class_name\":\"X IPA 1\"}" },
  { "students", "{\"id\":\"student-2\",\"user_id\":\"demo-student2\",\"nisn\":\"0202020202\","
                "\"nis\":\"1002\",\"class\":\"class-1\",\"class_name\":\"X IPA 1\"}" },
  { "schedules", "{\"id\":\"schedule-1\",\"class_id\":\"class-1\",\"subject_id\":\"subject-1\","
                 "\"teacher_id\":\"teacher-1\",\"day_of_week\":\"Senin\","
                 "\"start_time\":\"07:00\",\"end_time\":\"08:30\",\"room\":\"Lab 1\"}" },
  { "parent_student_relationship",
    "{\"id\":\"relationship-1\",\"parent_id\":\"demo-parent\",\"student_id\":\"student-1\","
    "\"relationship_type\":\"ayah\"}" },
  { "grades", "{\"id\":\"grade-1\",\"student_id\":\"student-1\",\"subject_id\":\"subject-1\","
              "\"class_id\":\"class-1\",\"academic_year\":\"2026/2027\",\"semester\":\"1\","
              "\"assignment_type\":\"tugas\",\"assignment_name\":\"Aljabar 1\",\"score\":85,"
              "\"created_by\":\"demo-teacher\"}" },
  { "grades", "{\"id\":\"grade-2\",\"student_id\":\"student-2\",\"subject_id\":\"subject-1\","
              "\"class_id\":\"class-1\",\"academic_year\":\"2026/2027\",\"semester\":\"1\","
              "\"assignment_type\":\"tugas\",\"assignment_name\":\"Aljabar 1\",\"score\":92.5,"
              "\"created_by\":\"demo-teacher\"}" },
  { "attendance", "{\"id\":\"attendance-1\",\"student_id\":\"student-1\","
                  "\"class_id\":\"class-1\",\"date\":\"2026-11-23\",\"status\":\"hadir\","
                  "\"recorded_by\":\"demo-teacher\"}" },
  { "attendance", "{\"id\":\"attendance-2\",\"student_id\":\"student-2\","
                  "\"class_id\":\"class-1\",\"date\":\"2026-11-23\",\"status\":\"izin\","
                  "\"notes\":\"Acara keluarga\",\"recorded_by\":\"demo-teacher\"}" },
  { "announcements", "{\"id\":\"announcement-1\",\"title\":\"Selamat datang\","
                     "\"content\":\"Tahun ajaran baru dimulai.\",\"category\":\"umum\","
                     "\"created_by\":\"demo-admin\"}" },
  { "announcements", "{\"id\":\"announcement-2\",\"title\":\"Rapat guru\","
                     "\"content\":\"Ruang guru, pukul 13.00.\",\"category\":\"akademik\","
                     "\"target_audience\":[\"teacher\"],\"created_by\":\"demo-admin\"}" },
  { "e_library", "{\"id\":\"material-1\",\"title\":\"Modul Aljabar\",\"category\":\"modul\","
                 "\"file_url\":\"https://demo.test/aljabar.pdf\",\"file_type\":\"pdf\","
                 "\"file_size\":120000,\"subject_id\":\"subject-1\","
                 "\"uploaded_by\":\"demo-teacher\"}" },
  { "school_events", "{\"id\":\"event-1\",\"event_name\":\"Pekan Olahraga\","
                     "\"date\":\"2026-12-07\",\"location\":\"Lapangan\",\"organizer\":\"OSIS\","
                     "\"created_by\":\"demo-admin\"}" },
  { "conversations", "{\"id\":\"conversation-1\",\"type\":\"direct\","
                     "\"created_by\":\"demo-teacher\","
                     "\"members\":[\"demo-teacher\",\"demo-student\"]}" },
  { "messages", "{\"id\":\"message-1\",\"conversation_id\":\"conversation-1\","
                "\"sender_id\":\"demo-teacher\",\"recipient_id\":\"demo-student\","
                "\"content\":\"Jangan lupa tugas Aljabar.\"}" },
  { "notifications", "{\"id\":\"notification-1\",\"user_id\":\"demo-student\","
                     "\"title\":\"Pesan baru\",\"body\":\"Jangan lupa tugas Aljabar.\","
                     "\"type\":\"message\"}" },
};

static LsRecord *
make_row (const LsTable *table, const char *json, GError **error)
{
  g_autoptr (LsRecord) row = ls_record_new (table);
  g_autoptr (JsonNode) root = json_from_string (json, error);
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (root == NULL)
    return NULL;

  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &name, &node))
    if (!ls_record_set_json (row, (guint)ls_table_find_column (table, name), node, error))
      return NULL;

  return g_steal_pointer (&row);
}

static gboolean
set_password (LsSchool *self, const char *user_id, GError **error)
{
  g_autofree char *hash = ls_password_hash (PASSWORD, error);

  return hash != NULL &&
         ls_database_run (self->database, error,
                          "UPDATE users SET password_hash = ?2 WHERE id = ?1", "tt", user_id, hash);
}

static gboolean
seed (LsSchool *self, GError **error)
{
  g_autoptr (LsViewer) admin = ls_viewer_new (ADMIN);
  g_autoptr (LsTransaction) transaction = NULL;

  admin->role = LS_ROLE_ADMIN;
  transaction = ls_transaction_begin (self, admin, NULL, error);
  if (transaction == NULL)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const LsTable *table = ls_schema_find_table (rows[i].table);
      g_autoptr (LsRecord) row = make_row (table, rows[i].json, error);

      if (row == NULL || !ls_transaction_create (transaction, row, error))
        return FALSE;
      if (table->entity == LS_ENTITY_USER && !set_password (self, ls_record_get_id (row), error))
        return FALSE;
    }
  return ls_transaction_commit (transaction, error);
}

/**
 * ls_school_seed_demo:
 * @self: a school
 * @error: return location for an error; nothing was changed then
 *
 * Fills the school with a demonstration, unless it has been before.
 *
 * Returns: whether the demonstration is there
 */
gboolean
ls_school_seed_demo (LsSchool *self, GError **error)
{
  g_autoptr (LsRecord) existing = NULL;
  gboolean deleted;

  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);

  if (!ls_rows_find (self->database, ls_schema_find_table ("users"), ADMIN, &existing, &deleted,
                     error))
    return FALSE;

  return existing != NULL || seed (self, error);
}
