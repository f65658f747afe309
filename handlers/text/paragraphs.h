/* SPDX-License-Identifier: MIT */
/*
 * The text case of the three steps: plan splits a text at beginnings of paragraphs (split.h), each task describes the
 * paragraphs of its range (scan.h, record.h), assemble checks and sums up what they wrote, and writes the new text.
 */
#ifndef HANDLERS_TEXT_PARAGRAPHS_H
#define HANDLERS_TEXT_PARAGRAPHS_H

#include "../base/call.h"

struct object;

/*
 * `object` is the event's source, opened. Writes plan.jsonl and job.json. The event's members: "source", "output"
 * (where the parts go), "type" (its media type, which is not looked at here), "range" (wanted bytes of one; 8 MiB),
 * "text" (URL of the new text that assemble is to write), "figures" (true: with the line of each paragraph before it),
 * "overwrite" (true: whatever is there already; else it must be of this very job), "function" (what the function for
 * the tasks has: {"memory_mb","seconds"}). The source's version is the one that was opened.
 */
bool paragraphs_plan(struct call *call, const json_t *event, struct object *object, struct response *response,
                     struct failure *failure);

/*
 * One task: the records of the paragraphs of "range" (without it: of all) as one object at "output". `*result`: what is
 * stored as its note, {"part","bytes","xxh3_file","paragraphs"}; a new reference.
 */
bool paragraphs_part(struct call *call, const json_t *task, json_t **result, struct failure *failure);

/*
 * All parts there, whole and unchanged? Then the new text, where the job wants one, and at last manifest.json.
 *
 * The new text: all paragraphs in order, byte for byte, each but the first after a blank line, and one LF at the end.
 * With figures, a paragraph's record is the line before it.
 */
bool paragraphs_assemble(struct call *call, const json_t *job, struct response *response, struct failure *failure);

#endif
