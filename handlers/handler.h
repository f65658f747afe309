/* SPDX-License-Identifier: MIT */
/* The handlers: a file each, and a row each in main.c's table. */
#ifndef HANDLERS_HANDLER_H
#define HANDLERS_HANDLER_H

#include "base/call.h"

handle handle_plan;     /* plan.c: a source and what to make of it -> its tasks */
handle handle_tile;     /* tile.c: a task, however it comes -> a tile */
handle handle_assemble; /* assemble.c: everything there? -> the manifest */
handle handle_text;     /* text.c: a task of a text -> figures of its paragraphs */

#endif
