// SPDX-License-Identifier: MIT
// A Node.js function with tile-convert from the layer: a region of a JPEG or PNG as a new image.
//
// Event: {"image": base64 of the file, "region": [x, y, width, height], "to": "lab", "format": "tif"}.
// Response: {"image": base64 of the new file}.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export async function handler(event) {
  if (!/^[a-z]+$/.test(event.format)) throw new Error('format: jpg, png, tif, npy, bmp, tga or hdr is wanted');
  const folder = await mkdtemp('/tmp/tile-');
  const [source, target] = [`${folder}/source`, `${folder}/target.${event.format}`];
  try {
    await writeFile(source, Buffer.from(event.image, 'base64'));
    // Arguments, not a command line: no shell sees the event. Options that begin with -- hold their values.
    await promisify(execFile)('/opt/bin/tile-convert', ['--quiet', `--region=${event.region.map(Number).join()}`,
      `--to=${event.to}`, source, '-o', target]);
    return { image: (await readFile(target)).toString('base64') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
