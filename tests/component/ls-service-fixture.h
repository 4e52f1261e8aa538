/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-action-queue.h"
#include "ls-agent.h"
#include "ls-bus-names.h"
#include "ls-audit.h"
#include "ls-fake-app-finder.h"
#include "ls-fake-clock.h"
#include "ls-fake-login.h"
#include "ls-fake-network.h"
#include "ls-fake-notifier.h"
#include "ls-fake-queue-store.h"
#include "ls-fake-store.h"
#include "ls-fake-transport.h"
#include "ls-service.h"

/* Data of a fixture: its store is a fake, f->fake_store, for the test to hold up. */
#define LS_SERVICE_FAKE_STORE "fake store"

/*
 * The service on a private bus, with a real LsAgent behind it whose server the test plays. All in
 * one thread: whoever waits, waits with ls_service_fixture_step().
 */
typedef struct
{
  GTestDBus *bus;
  GDBusConnection *connection; /* the agent's */
  GDBusConnection *app;
  GDBusConnection *other;
  char *dir;
  char *durables_path;
  LsFakeClock *clock;
  LsFakeNetwork *network;
  LsFakeLogin *login;
  LsFakeAppFinder *finder;
  LsFakeNotifier *notifier;
  LsAudit *audit; /* the store's, unless that is a fake */
  LsFakeTransport *transport;
  LsStore *store;
  LsFakeStore *fake_store; /* NULL: it is a real one */
  LsAgent *agent;
  LsFakeQueueStore *queue_store;
  LsActionQueue *queue;
  LsService *service;
  gboolean online;          /* whether the server answers */
  const char *user_id;      /* who signs in, and is welcomed */
  LsRole role;              /* as whom */
  gint64 offset;            /* of the server's log */
  GPtrArray *batches;       /* (element-type GVariant): what .Events brought to app */
  GPtrArray *other_batches; /* likewise to other */
} LsServiceFixture;

/* The answer to a call, once it is done. */
typedef struct
{
  gboolean done;
  GVariant *value;  /* (owned) (nullable) */
  GUnixFDList *fds; /* (owned) (nullable) */
  GError *error;    /* (owned) (nullable) */
} LsServiceAnswer;

#define LS_SERVICE_WAIT(f, condition)                                                              \
  while (!(condition))                                                                             \
  ls_service_fixture_step (f)

void ls_service_fixture_set_up (LsServiceFixture *f, gconstpointer data);
void ls_service_fixture_tear_down (LsServiceFixture *f, gconstpointer data);
void ls_service_fixture_step (LsServiceFixture *f);
void ls_service_fixture_sign_in (LsServiceFixture *f);
void ls_service_fixture_tell (LsServiceFixture *f, const char *type, guint first, guint n);
void ls_service_fixture_publish (LsServiceFixture *f, const char *type, guint first, guint n);
void
ls_service_fixture_publish_row (LsServiceFixture *f, const char *const *types, const char *data);
void ls_service_fixture_begin (LsServiceFixture *f,
                               const char *method,
                               const char *arguments,
                               LsServiceAnswer *answer);
GVariant *ls_service_fixture_call_from (LsServiceFixture *f,
                                        GDBusConnection *from,
                                        const char *path,
                                        const char *method,
                                        GVariant *arguments,
                                        GError **error);
GVariant *ls_service_fixture_call (LsServiceFixture *f, const char *method, const char *arguments);
void ls_service_fixture_refused (LsServiceFixture *f,
                                 const char *method,
                                 const char *arguments,
                                 LsError code,
                                 const char *names);
GVariant *
ls_service_fixture_get_property (LsServiceFixture *f, const char *interface, const char *name);
GVariant *ls_service_fixture_get_property_of (LsServiceFixture *f,
                                              const char *path,
                                              const char *interface,
                                              const char *name);
void ls_service_fixture_become (LsServiceFixture *f, LsAppKind kind, const char *id);
char *ls_service_fixture_read_audit (LsServiceFixture *f, const char *options);
char *ls_service_fixture_make_token (const char *user_id);
guint ls_service_fixture_collect (LsServiceFixture *f,
                                  const char *interface,
                                  const char *signal,
                                  GPtrArray *texts);

/* Actions */
char *ls_service_fixture_enqueue (LsServiceFixture *f, const char *arguments);
void ls_service_fixture_reply (LsServiceFixture *f,
                               guint status,
                               const char *code,
                               const char *row,
                               gint64 version);

/* Subscriptions */
void ls_service_fixture_restart_service (LsServiceFixture *f);
void ls_service_fixture_call_subscription (LsServiceFixture *f,
                                           GDBusConnection *from,
                                           const char *path,
                                           const char *method,
                                           GVariant *arguments,
                                           GError **error);
void ls_service_fixture_acknowledge (LsServiceFixture *f, const char *path, guint64 seq);
void ls_service_fixture_flush (LsServiceFixture *f);
char *ls_service_fixture_get_cursor (LsServiceFixture *f);
guint64 ls_service_fixture_count_subscriptions (LsServiceFixture *f);
int ls_service_fixture_open_stream (LsServiceFixture *f,
                                    GDBusConnection *from,
                                    const char *arguments,
                                    char **path);
guint ls_service_count_events (GPtrArray *batches);
void ls_service_assert_sequence (GPtrArray *batches, guint64 first, guint64 last);
