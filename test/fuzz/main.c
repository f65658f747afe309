/* SPDX-License-Identifier: MIT */
/* Runs a target once over each file: where there is no libFuzzer, and to see what an input of its does. */
#include "fuzz.h"

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        long size = 0;
        if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
            perror(argv[i]);
            return 1;
        }
        /* Of its very size, so that a read behind its end is seen. */
        uint8_t *data = malloc(size ? (size_t)size : 1);
        require(data && fread(data, 1, (size_t)size, file) == (size_t)size);
        fclose(file);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        free(data);
    }
    return argc < 2;
}
