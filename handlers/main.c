/* SPDX-License-Identifier: MIT */
#include "handler.h"

int main(void) {
    return 1;
}
