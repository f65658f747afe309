/* SPDX-License-Identifier: MIT */
/* The kinds of events for the tile handler, one function each; tile.c recognizes them. */
#ifndef HANDLERS_EVENTS_EVENTS_H
#define HANDLERS_EVENTS_EVENTS_H

#include "../task/task.h"

/*
 * Messages of SQS, each with a task or an S3 notification as its body. The response names the messages that failed; the
 * others are done.
 */
handle event_sqs;
/* A notification of S3: makes tiles of each object that was created, by the options in TILE_TASK. */
handle event_s3;
/* S3 Batch Operations, schemas 1.0 and 2.0: the same for each object of a list. */
handle event_s3_batch;
/*
 * A function URL or API Gateway's HTTP API (payload format 2.0): POST an image, get the converted region. Failures are
 * HTTP answers, too. TILE_RESPONSE_MODE "stream": the response is streamed.
 */
handle event_http;

/*
 * False for an event of EventBridge or SNS, which may contain a notification of S3; the BAD_REQUEST says which events
 * are accepted instead.
 */
bool event_is_direct(const json_t *event, struct failure *failure);

/* Whether the event is S3's test of a new notification, for which nothing is to be done. */
bool event_is_s3_test(const json_t *event);
/* Adds the tasks of a notification's records. */
bool event_s3_tasks(struct task_list *list, struct call *call, const json_t *event, struct failure *failure);

#endif
