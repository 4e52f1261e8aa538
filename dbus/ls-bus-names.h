/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** LS_BUS_NAME: the agent's well-known name on the session bus */
#define LS_BUS_NAME "org.labsync.Agent"
/** LS_BUS_PATH: the object with all interfaces but that of a subscription */
#define LS_BUS_PATH "/org/labsync/Agent"
/** LS_BUS_SUBSCRIPTION_PATH: what the path of each subscription begins with; a number follows */
#define LS_BUS_SUBSCRIPTION_PATH LS_BUS_PATH "/subscription/"

#define LS_BUS_INTERFACE_PREFIX "org.labsync.Agent1."
#define LS_BUS_INTERFACE_CONNECTION LS_BUS_INTERFACE_PREFIX "Connection"
#define LS_BUS_INTERFACE_ACCOUNT LS_BUS_INTERFACE_PREFIX "Account"
#define LS_BUS_INTERFACE_EVENTS LS_BUS_INTERFACE_PREFIX "Events"
#define LS_BUS_INTERFACE_SUBSCRIPTION LS_BUS_INTERFACE_PREFIX "Subscription"
#define LS_BUS_INTERFACE_CACHE LS_BUS_INTERFACE_PREFIX "Cache"
#define LS_BUS_INTERFACE_QUEUE LS_BUS_INTERFACE_PREFIX "Queue"
#define LS_BUS_INTERFACE_APPS LS_BUS_INTERFACE_PREFIX "Apps"
#define LS_BUS_INTERFACE_DIAGNOSTICS LS_BUS_INTERFACE_PREFIX "Diagnostics"

/** LS_BUS_INTERFACE_VERSION: value of every property `Version`; rises with every addition */
#define LS_BUS_INTERFACE_VERSION 2

/** LS_BUS_ERROR_PREFIX: what every error name of ours begins with */
#define LS_BUS_ERROR_PREFIX LS_BUS_INTERFACE_PREFIX "Error."

/** LS_BUS_PACKET_SIZE: how many bytes a packet of a stream has at most; see OpenStream */
#define LS_BUS_PACKET_SIZE (64 * 1024)

/** LS_BUS_EVENT_TYPE: an event on the bus; see org.labsync.Agent1.Events */
#define LS_BUS_EVENT_TYPE "(tssssxss)"
