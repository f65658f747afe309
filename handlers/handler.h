/* SPDX-License-Identifier: MIT */
/* The handlers. Each has its own file, and a row in main.c's table. */
#ifndef HANDLERS_HANDLER_H
#define HANDLERS_HANDLER_H

#include "base/call.h"

handle handle_plan;     /* plan.c: a source and options -> its tasks */
handle handle_tile;     /* tile.c: a task, in any kind of event -> a tile */
handle handle_assemble; /* assemble.c: checks that everything is there -> the manifest */
handle handle_text;     /* text.c: a task of a text -> figures of its paragraphs */

#endif
