/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fault-vfs.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

/* What a disk writes whole or not at all. */
#define SECTOR 512

struct _LsFaultVfs
{
  sqlite3_vfs base;
  sqlite3_vfs *real; /* (unowned) */

  GMutex mutex;      /* of all that follows */
  GHashTable *disks; /* (element-type utf8 Disk) (owned): by path */
  guint n_calls;
  guint n_faults;
  guint fail_at; /* 0: never */
  int code;
  gboolean lasting;
  guint cut_at; /* 0: never */
  gboolean is_cut;
};

/* A write, or a truncation where there are no bytes, that is not synced yet. */
typedef struct
{
  sqlite3_int64 offset;
  GBytes *bytes; /* (owned) (nullable) */
} Change;

/* A file as it is on the platter. */
typedef struct
{
  GByteArray *synced; /* (owned) */
  GQueue changes;     /* (element-type Change) (owned): since then */
  gboolean deleted; /* gone, but not from the platter yet: no sync since; changes are of its heir */
} Disk;

/* A file that is open. The real one follows it in memory. */
typedef struct
{
  sqlite3_file base;
  LsFaultVfs *vfs; /* (unowned) */
  Disk *disk;      /* (unowned) (nullable): of a file that is to last */
} File;

static void
change_free (gpointer data)
{
  Change *change = data;

  g_clear_pointer (&change->bytes, g_bytes_unref);
  g_free (change);
}

static void
disk_free (gpointer data)
{
  Disk *disk = data;

  g_byte_array_unref (disk->synced);
  g_queue_clear_full (&disk->changes, change_free);
  g_free (disk);
}

static void
set_size (GByteArray *image, sqlite3_int64 size)
{
  guint old = image->len;

  g_byte_array_set_size (image, (guint)size);
  if (size > old)
    memset (image->data + old, 0, (gsize)size - old);
}

static void
write_image (GByteArray *image, sqlite3_int64 offset, const guchar *bytes, gsize length)
{
  if (length == 0)
    return;
  if (image->len < offset + (sqlite3_int64)length)
    set_size (image, offset + (sqlite3_int64)length);
  memcpy (image->data + offset, bytes, length);
}

/* Some sectors of a change arrived, others did not. */
static void
tear_change (GByteArray *image, const Change *change, GRand *torn)
{
  gsize length;
  const guchar *bytes = g_bytes_get_data (change->bytes, &length);

  for (gsize start = 0, end; start < length; start = end)
    {
      gsize left = SECTOR - (gsize)((change->offset + (sqlite3_int64)start) % SECTOR);

      end = MIN (start + left, length);
      if (g_rand_boolean (torn))
        write_image (image, change->offset + (sqlite3_int64)start, bytes + start, end - start);
    }
}

/* @torn: (nullable): %NULL: the change arrived whole */
static void
apply_change (GByteArray *image, const Change *change, GRand *torn)
{
  if (change->bytes != NULL && torn != NULL && g_rand_boolean (torn))
    tear_change (image, change, torn);
  else if (torn != NULL && g_rand_boolean (torn))
    return;
  else if (change->bytes != NULL)
    write_image (image, change->offset, g_bytes_get_data (change->bytes, NULL),
                 g_bytes_get_size (change->bytes));
  else if (change->offset < image->len)
    set_size (image, change->offset);
}

static void
apply_changes (Disk *disk, GRand *torn)
{
  Change *change;

  while ((change = g_queue_pop_head (&disk->changes)) != NULL)
    {
      apply_change (disk->synced, change, torn);
      change_free (change);
    }
}

static void
bury (Disk *disk)
{
  if (disk->deleted)
    set_size (disk->synced, 0);
  disk->deleted = FALSE;
}

/* A sync of one file brings all that happened to directories before, as on any file system with a
 * journal. SQLite relies on it: it does not sync the directory when it removes a journal. */
static void
sync_disk (LsFaultVfs *self, Disk *disk)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->disks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    bury (value);
  if (disk != NULL)
    apply_changes (disk, NULL);
}

/* What the power cut left of a file. */
static void
settle_disk (Disk *disk, GRand *torn)
{
  if (torn != NULL && g_rand_boolean (torn))
    bury (disk);
  if (torn != NULL && !disk->deleted)
    apply_changes (disk, torn);
  g_queue_clear_full (&disk->changes, change_free);
  disk->deleted = FALSE;
}

static sqlite3_file *
real_file (sqlite3_file *file)
{
  return (sqlite3_file *)((File *)file + 1);
}

/* Counts a call and decides about it, with the mutex held. */
static int
judge (LsFaultVfs *self, gboolean is_write, int code)
{
  gboolean hit;

  self->n_calls++;
  if (self->cut_at != 0 && self->n_calls >= self->cut_at)
    self->is_cut = TRUE;
  hit = self->fail_at != 0 &&
        (self->lasting ? self->n_calls >= self->fail_at : self->n_calls == self->fail_at);
  /* a disk that is full can still be synced and cut short */
  if (hit && self->code == SQLITE_FULL && !is_write)
    hit = FALSE;
  if (!self->is_cut && !hit)
    return SQLITE_OK;

  self->n_faults++;
  return hit && self->code == SQLITE_FULL ? SQLITE_FULL : code;
}

static int
fault_close (sqlite3_file *file)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xClose (real);
}

static int
fault_read (sqlite3_file *file, void *buffer, int amount, sqlite3_int64 offset)
{
  sqlite3_file *real = real_file (file);
  LsFaultVfs *self = ((File *)file)->vfs;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  if (self->is_cut)
    return SQLITE_IOERR_READ;
  return real->pMethods->xRead (real, buffer, amount, offset);
}

static void
note_change (Disk *disk, sqlite3_int64 offset, GBytes *bytes)
{
  Change *change = g_new0 (Change, 1);

  change->offset = offset;
  change->bytes = bytes;
  g_queue_push_tail (&disk->changes, change);
}

static int
fault_write (sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
  sqlite3_file *real = real_file (file);
  Disk *disk = ((File *)file)->disk;
  LsFaultVfs *self = ((File *)file)->vfs;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  int code = judge (self, TRUE, SQLITE_IOERR_WRITE);

  if (disk != NULL && (code == SQLITE_OK || self->n_calls == self->cut_at))
    note_change (disk, offset, g_bytes_new (bytes, (gsize)amount));
  if (code != SQLITE_OK)
    return code;
  return real->pMethods->xWrite (real, bytes, amount, offset);
}

static int
fault_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  sqlite3_file *real = real_file (file);
  Disk *disk = ((File *)file)->disk;
  LsFaultVfs *self = ((File *)file)->vfs;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  int code = judge (self, FALSE, SQLITE_IOERR_TRUNCATE);

  if (code != SQLITE_OK)
    return code;
  if (disk != NULL)
    note_change (disk, size, NULL);
  return real->pMethods->xTruncate (real, size);
}

/* The real file is not synced: nobody cuts the real power. */
static int
fault_sync (sqlite3_file *file, int flags)
{
  Disk *disk = ((File *)file)->disk;
  LsFaultVfs *self = ((File *)file)->vfs;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  int code = judge (self, FALSE, SQLITE_IOERR_FSYNC);

  if (code == SQLITE_OK)
    sync_disk (self, disk);
  return code;
}

static int
fault_file_size (sqlite3_file *file, sqlite3_int64 *size)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xFileSize (real, size);
}

static int
fault_lock (sqlite3_file *file, int level)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xLock (real, level);
}

static int
fault_unlock (sqlite3_file *file, int level)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xUnlock (real, level);
}

static int
fault_check_reserved_lock (sqlite3_file *file, int *out)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xCheckReservedLock (real, out);
}

static int
fault_file_control (sqlite3_file *file, int op, void *argument)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xFileControl (real, op, argument);
}

static int
fault_sector_size (sqlite3_file *file)
{
  return SECTOR;
}

static int
fault_device_characteristics (sqlite3_file *file)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xDeviceCharacteristics (real);
}

static int
fault_shm_map (sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xShmMap (real, page, size, extend, out);
}

static int
fault_shm_lock (sqlite3_file *file, int offset, int n, int flags)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xShmLock (real, offset, n, flags);
}

static void
fault_shm_barrier (sqlite3_file *file)
{
  sqlite3_file *real = real_file (file);

  real->pMethods->xShmBarrier (real);
}

static int
fault_shm_unmap (sqlite3_file *file, int remove)
{
  sqlite3_file *real = real_file (file);

  return real->pMethods->xShmUnmap (real, remove);
}

static const sqlite3_io_methods methods = {
  .iVersion = 2, /* without memory maps, which nobody could count */
  .xClose = fault_close,
  .xRead = fault_read,
  .xWrite = fault_write,
  .xTruncate = fault_truncate,
  .xSync = fault_sync,
  .xFileSize = fault_file_size,
  .xLock = fault_lock,
  .xUnlock = fault_unlock,
  .xCheckReservedLock = fault_check_reserved_lock,
  .xFileControl = fault_file_control,
  .xSectorSize = fault_sector_size,
  .xDeviceCharacteristics = fault_device_characteristics,
  .xShmMap = fault_shm_map,
  .xShmLock = fault_shm_lock,
  .xShmBarrier = fault_shm_barrier,
  .xShmUnmap = fault_shm_unmap,
};

static Disk *
disk_for (LsFaultVfs *self, const char *path)
{
  Disk *disk = g_hash_table_lookup (self->disks, path);

  if (disk == NULL)
    {
      disk = g_new0 (Disk, 1);
      disk->synced = g_byte_array_new ();
      g_queue_init (&disk->changes);
      g_hash_table_insert (self->disks, g_strdup (path), disk);
    }
  return disk;
}

static int
fault_open (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  LsFaultVfs *self = vfs->pAppData;
  const int lasting = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  sqlite3_file *real = real_file (file);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  int code;

  file->pMethods = NULL;
  if (self->is_cut)
    return SQLITE_IOERR;
  code = self->real->xOpen (self->real, name, real, flags, out_flags);
  if (code != SQLITE_OK)
    return code;

  file->pMethods = &methods;
  ((File *)file)->vfs = self;
  ((File *)file)->disk = name != NULL && (flags & lasting) != 0 ? disk_for (self, name) : NULL;
  return SQLITE_OK;
}

/* Gone at once, but not from the platter: after a power cut it may be there again. */
static int
fault_delete (sqlite3_vfs *vfs, const char *name, int sync_directory)
{
  LsFaultVfs *self = vfs->pAppData;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  Disk *disk = g_hash_table_lookup (self->disks, name);

  if (self->is_cut)
    return SQLITE_IOERR_DELETE;
  if (disk != NULL)
    {
      g_queue_clear_full (&disk->changes, change_free);
      disk->deleted = TRUE;
      if (sync_directory)
        sync_disk (self, NULL);
    }
  return self->real->xDelete (self->real, name, 0);
}

static int
fault_access (sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
  LsFaultVfs *self = vfs->pAppData;

  return self->real->xAccess (self->real, name, flags, out);
}

static int
fault_full_pathname (sqlite3_vfs *vfs, const char *name, int size, char *out)
{
  LsFaultVfs *self = vfs->pAppData;

  return self->real->xFullPathname (self->real, name, size, out);
}

/**
 * ls_fault_vfs_new:
 *
 * Makes a disk without faults and has SQLite use it.
 *
 * Returns: (transfer full): the disk
 */
LsFaultVfs *
ls_fault_vfs_new (void)
{
  LsFaultVfs *self = g_new0 (LsFaultVfs, 1);

  g_mutex_init (&self->mutex);
  self->disks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, disk_free);
  self->real = sqlite3_vfs_find (NULL);
  self->base = *self->real;
  self->base.pNext = NULL;
  self->base.zName = "fault";
  self->base.pAppData = self;
  self->base.szOsFile = (int)sizeof (File) + self->real->szOsFile;
  self->base.xOpen = fault_open;
  self->base.xDelete = fault_delete;
  self->base.xAccess = fault_access;
  self->base.xFullPathname = fault_full_pathname;
  g_assert_cmpint (sqlite3_vfs_register (&self->base, 1), ==, SQLITE_OK);
  return self;
}

/**
 * ls_fault_vfs_free:
 * @self: (transfer full): a disk that no database is open on
 *
 * Has SQLite use its own again.
 */
void
ls_fault_vfs_free (LsFaultVfs *self)
{
  sqlite3_vfs_unregister (&self->base);
  sqlite3_vfs_register (self->real, 1);
  g_hash_table_unref (self->disks);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/**
 * ls_fault_vfs_fail:
 * @self: a disk
 * @at: which call, from now on
 * @code: `SQLITE_FULL`: only writes fail; else each fails with its own kind of `SQLITE_IOERR`
 * @lasting: whether all calls after it fail, too
 *
 * Plans a failure.
 */
void
ls_fault_vfs_fail (LsFaultVfs *self, guint at, int code, gboolean lasting)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->n_calls = 0;
  self->n_faults = 0;
  self->fail_at = at;
  self->code = code;
  self->lasting = lasting;
}

/**
 * ls_fault_vfs_cut_power:
 * @self: a disk
 * @at: which call, from now on, is the last that is begun
 *
 * Plans a power cut: nothing works from there on.
 */
void
ls_fault_vfs_cut_power (LsFaultVfs *self, guint at)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->n_calls = 0;
  self->n_faults = 0;
  self->cut_at = at;
}

/**
 * ls_fault_vfs_mend:
 * @self: a disk
 *
 * Ends a failure, or calls off one that is planned.
 */
void
ls_fault_vfs_mend (LsFaultVfs *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->fail_at = 0;
}

/**
 * ls_fault_vfs_restore_power:
 * @self: a disk whose power was cut, and that no database is open on any more
 * @torn: (nullable): decides which sectors that were not synced arrived all the same; %NULL: none
 *
 * Makes the files what was left of them. Shared memory is gone, as its users are.
 */
void
ls_fault_vfs_restore_power (LsFaultVfs *self, GRand *torn)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  GHashTableIter iter;
  gpointer path, value;

  g_hash_table_iter_init (&iter, self->disks);
  while (g_hash_table_iter_next (&iter, &path, &value))
    {
      g_autofree char *shm = g_strconcat (path, "-shm", NULL);
      Disk *disk = value;

      settle_disk (disk, torn);
      /* GLib 2.74 leaves the rest of a longer file in its place. */
      g_remove (path);
      g_assert_true (g_file_set_contents_full (path, (const char *)disk->synced->data,
                                               disk->synced->len, G_FILE_SET_CONTENTS_NONE, 0600,
                                               NULL));
      g_remove (shm);
    }
  self->cut_at = 0;
  self->is_cut = FALSE;
}

/**
 * ls_fault_vfs_get_n_calls:
 * @self: a disk
 *
 * Returns: how many writes, syncs and truncations there were since a fault was planned
 */
guint
ls_fault_vfs_get_n_calls (LsFaultVfs *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_calls;
}

/**
 * ls_fault_vfs_get_n_faults:
 * @self: a disk
 *
 * Returns: how many calls failed since a fault was planned
 */
guint
ls_fault_vfs_get_n_faults (LsFaultVfs *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return self->n_faults;
}
