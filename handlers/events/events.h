/* SPDX-License-Identifier: MIT */
/* The shapes of events in which tasks come to the tile handler, one function each; tile.c tells them apart. */
#ifndef HANDLERS_EVENTS_EVENTS_H
#define HANDLERS_EVENTS_EVENTS_H

#include "../task/task.h"

/*
 * Messages of SQS, each with a task or an S3 notification as its body. Those that fail are named in the response, and
 * the others are done.
 */
handle event_sqs;
/* S3 tells of objects: TILE_TASK says what to make of each that was created. */
handle event_s3;
/* S3 Batch Operations, schemas 1.0 and 2.0: likewise, of the objects of a list. */
handle event_s3_batch;
/*
 * A function URL or API Gateway's HTTP API (payload format 2.0): POST an image, get the converted region. Failures are
 * answered, too. TILE_RESPONSE_MODE "stream": as a streamed response.
 */
handle event_http;

/*
 * False, with BAD_REQUEST that says what is taken in its place, where an event is EventBridge's or SNS's, which may
 * carry a notification of S3's inside.
 */
bool event_is_direct(const json_t *event, struct failure *failure);

/* Whether the event is what S3 sends to try a new notification: nothing is to be done. */
bool event_is_s3_test(const json_t *event);
/* Adds the tasks of a notification's records. */
bool event_s3_tasks(struct task_list *list, struct call *call, const json_t *event, struct failure *failure);

#endif
