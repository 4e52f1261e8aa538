/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

/**
 * LimitEvent:
 *
 * An event, as little as can be stored and told. Its type is always `grade_updated`.
 */
typedef struct
{
  guint64 seq;
  gint64 version;
  gint64 timestamp;
  char *entity_id; /* (unowned): behind the struct, as the others */
  char *data;
  char *user_role;
  char *user_id;
} LimitEvent;

LimitEvent *limit_event_new (const char *const texts[4], const gsize lengths[4]);
GPtrArray *limit_events_new (guint n);

GByteArray *limit_packet_new (gpointer *events, guint n);

typedef struct _LimitStore LimitStore;

LimitStore *limit_store_open (const char *path);
void limit_store_put (LimitStore *self, GPtrArray *const *batches, guint n_batches, gint64 cursor);
void limit_store_free (LimitStore *self);

typedef struct _LimitBus LimitBus;
typedef void (*LimitBusFunc) (const char *method, guint64 argument, gpointer user_data);

LimitBus *limit_bus_new (LimitBusFunc func, gpointer user_data);
void limit_bus_set_state (LimitBus *self, const char *state);
void limit_bus_send (LimitBus *self, GPtrArray *events);
void limit_bus_free (LimitBus *self);

guint limit_get_pss (void);
guint limit_get_switches (void);
