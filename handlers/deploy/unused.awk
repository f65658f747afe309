# SPDX-License-Identifier: MIT
# What `nm --undefined-only libcurl.a libtiff.a` lists -> C functions in place of libraries that are not there.
#
# Of libcurl's only initializations run. libtiff's codecs are asked for by what a file says of its compression, so that
# each has to fail in its library's own words: a decoder, stream or getter that is NULL, and a status that is no
# success. 0 is success to lzma, lerc and jbig; 11 is lzma's LZMA_PROG_ERROR, and an error to the others, too.
$2 ~ /^(lzma_|lerc_|jbg_dec_in$|ZSTD_isError$|WebPGetFeaturesInternal$)/ {
    print "long " $2 "(void) { return 11; }"
    next
}
$2 ~ /^(GSS_C_|gss_|ldap_|ber_|libssh2_|RTMP_|nghttp2_|psl_|Brotli|idn2_|ZSTD_|WebP|jbg_)/ {
    print "long " $2 "(void) { return 0; }"
}
