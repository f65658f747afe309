#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small S3 client for tests, which signs by itself: what the handlers wrote is looked at by another program.

    s3.py get BUCKET KEY > FILE     s3.py put BUCKET KEY FILE     s3.py head BUCKET KEY     s3.py list BUCKET [PREFIX]
    s3.py versions BUCKET KEY       s3.py uploads BUCKET [PREFIX]

The endpoint is that of $TILE_TEST_S3; the key is test:tester, the secret testing. Exits with 1 where an answer is not
one of success. Also a module: request(), get(), put(), names().
versions: an object's, the newest first; uploads: the keys of objects in parts that were begun and not ended.
"""
import datetime
import hashlib
import hmac
import http.client
import os
import sys
import urllib.parse
import xml.etree.ElementTree


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def request(method, bucket, key="", query=None, body=b"", headers=None):
    """-> status, headers (a dict in lower case), body"""
    endpoint = urllib.parse.urlsplit(os.environ["TILE_TEST_S3"])
    path = "/" + bucket + ("/" + urllib.parse.quote(key, safe="/-._~") if key else "")
    query = "&".join(f"{urllib.parse.quote(n, safe='')}={urllib.parse.quote(v, safe='')}"
                     for n, v in sorted((query or {}).items()))
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(body).hexdigest()
    signed = {"host": endpoint.netloc, "x-amz-content-sha256": payload, "x-amz-date": now}
    names = ";".join(sorted(signed))
    canonical = "\n".join([method, path, query] + [f"{n}:{signed[n]}" for n in sorted(signed)] + ["", names, payload])
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    secret = sign(sign(sign(sign(b"AWS4testing", now[:8]), "us-east-1"), "s3"), "aws4_request")
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    signed["authorization"] = (f"AWS4-HMAC-SHA256 Credential=test:tester/{scope}, SignedHeaders={names}, "
                               f"Signature={signature}")
    signed.update(headers or {})
    connection = http.client.HTTPConnection(endpoint.hostname, endpoint.port)
    connection.request(method, path + ("?" + query if query else ""), body, signed)
    answer = connection.getresponse()
    result = answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()
    connection.close()
    return result


def checked(*arguments, **options):
    status, headers, body = request(*arguments, **options)
    if status // 100 != 2:
        raise OSError(f"{arguments}: {status} {body.decode(errors='replace')}")
    return headers, body


def get(bucket, key):
    return checked("GET", bucket, key)[1]


def put(bucket, key, body, headers=None):
    checked("PUT", bucket, key, body=body, headers=headers)


def head(bucket, key):
    return checked("HEAD", bucket, key)[0]


def names(bucket, prefix=""):
    """The keys that begin with `prefix`, up to 1000."""
    tree = xml.etree.ElementTree.fromstring(checked("GET", bucket, query={"prefix": prefix})[1])
    return [e.text for e in tree.iter() if e.tag.endswith("}Key")]


def versions(bucket, key):
    tree = xml.etree.ElementTree.fromstring(checked("GET", bucket, query={"versions": "", "prefix": key})[1])
    return [e.text for e in tree.iter() if e.tag.endswith("}VersionId")]


def uploads(bucket, prefix=""):
    tree = xml.etree.ElementTree.fromstring(checked("GET", bucket, query={"uploads": "", "prefix": prefix})[1])
    return [e.text for e in tree.iter() if e.tag.endswith("}Key")]


def main(verb, bucket, *rest):
    if verb == "get":
        sys.stdout.buffer.write(get(bucket, rest[0]))
    elif verb == "put":
        with open(rest[1], "rb") as file:
            put(bucket, rest[0], file.read())
    elif verb == "head":
        print("\n".join(f"{n}: {v}" for n, v in sorted(head(bucket, rest[0]).items())))
    elif verb == "versions":
        print("\n".join(versions(bucket, rest[0])))
    elif verb == "uploads":
        print("\n".join(uploads(bucket, *rest)))
    elif verb == "list":
        print("\n".join(names(bucket, *rest)))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(str(error))
