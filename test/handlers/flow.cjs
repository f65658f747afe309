// SPDX-License-Identifier: MIT
// flow.cjs STATEMACHINE HANDLER CONVERTER FIXTURES: the state machine, checked by asl-validator and run, with our
// handlers in the places of the functions and a folder for S3, by aws-local-stepfunctions.
//
// That interpreter knows neither JSONata nor distributed maps. So Locate's expressions are evaluated by the jsonata
// package, ItemReader, ItemBatcher and ResultWriter are played by a Task in front of the map, which is made an inline
// one. Not covered: what AWS's own service makes of these four and of the tolerated failures, its limits (256 KiB a
// state, 5 minutes a child execution), the concurrency, and the policies that it runs under.
'use strict';
require('./packages.cjs');
const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const validate = require('asl-validator');
const jsonata = require('jsonata');

// Of Node.js 22; Debian 12 has 18.
Promise.withResolvers ??= function () {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
const { StateMachine } = require('aws-local-stepfunctions');

const [statemachine, handler, converter, fixtures] = process.argv.slice(2).map((file) => path.resolve(file));
const concurrency = 7; // what the template substitutes
const definition = JSON.parse(fs.readFileSync(statemachine, 'utf8').replaceAll('${Concurrency}', concurrency));
const store = fs.mkdtempSync(path.join(os.tmpdir(), 'libtile-'));
process.on('exit', () => fs.rmSync(store, { recursive: true }));
const toFiles = (text) => text.replaceAll('s3://', `${store}/`);
const toUrls = (text) => text.replaceAll(`${store}/`, 's3://');

function isValid() {
  assert.deepEqual(validate(definition).errors, []);
  const breaks = [
    (states) => (states.Plan.Next = 'Nowhere'),
    (states) => (states.Locate.Output.batch = '{% $max([1 %}'),
    (states) => delete states.Tiles.ItemProcessor,
    (states) => (states.Texts.ItemProcessor.States.Text.OutputPath = '$.['),
  ];
  for (const breakIt of breaks) {
    const broken = structuredClone(definition);
    breakIt(broken.States);
    assert.equal(validate(broken).isValid, false, String(breakIt));
  }
}

// An error by the name that Step Functions would know it by.
function named(name, message) {
  return Object.assign(new Error(message), { name });
}

// The function's invocation: an event in, the response or its error out.
function invoke(name, event) {
  return new Promise((resolve, reject) => {
    const child = execFile(handler, ['--local', name], { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (!error) return resolve(JSON.parse(toUrls(stdout)));
      try {
        const { errorType, errorMessage } = JSON.parse(stderr.trim().split('\n').pop());
        reject(named(errorType, errorMessage));
      } catch {
        reject(new Error(`${name} ended with ${error.code ?? error.signal}: ${stderr}`));
      }
    });
    child.stdin.on('error', () => {});
    child.stdin.end(toFiles(JSON.stringify(event)));
  });
}

// What Locate's Output says of its input.
async function evaluate(template, input) {
  const output = {};
  for (const [name, value] of Object.entries(template)) {
    const expression = value.match(/^\{%(.*)%\}$/)[1];
    output[name] = await jsonata(expression).evaluate({}, { states: { input } });
  }
  return output;
}

// The lines of the plan as the map's items, batched if it says so; each batch has what BatchInput says besides.
function readItems({ reader, batch, common }) {
  const file = path.join(store, reader.Bucket, reader.Key);
  const items = fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  if (batch === undefined) return items;
  assert(Number.isInteger(batch) && batch > 0);
  const batches = [];
  for (let i = 0; i < items.length; i += batch) batches.push({ BatchInput: common, Items: items.slice(i, i + batch) });
  for (const one of batches) assert(JSON.stringify(one).length <= 262144);
  return batches;
}

// The definition that the interpreter can run, and what stands in for its tasks' resources.
function localize() {
  const local = structuredClone(definition);
  const { Locate } = local.States;
  const handlers = {
    Locate: (input) => evaluate(Locate.Output, input),
  };
  local.States.Locate = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Next: Locate.Next };
  for (const [name, map] of Object.entries(local.States)) {
    if (map.Type !== 'Map') continue;
    assert.equal(map.MaxConcurrencyPath, '$.concurrency');
    const inline = { Type: 'Map', ItemsPath: '$.items', MaxConcurrency: 2, ItemProcessor: map.ItemProcessor,
      ResultPath: map.ResultPath, Next: map.Next };
    delete inline.ItemProcessor.ProcessorConfig;
    const batch = map.ItemBatcher && { 'batch.$': map.ItemBatcher.MaxItemsPerBatchPath,
      common: map.ItemBatcher.BatchInput };
    local.States[`${name} items`] = inline;
    local.States[name] = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: { reader: map.ItemReader.Parameters, writer: map.ResultWriter.Parameters, ...batch },
      ResultPath: '$.items', Next: `${name} items` };
    handlers[name] = readItems;
  }
  return { local, handlers };
}

// Runs it; `before` is called with each invocation's function and event and may throw in its place.
async function run(input, before = () => {}) {
  const { local, handlers } = localize();
  const calls = {};
  const functions = { '${PlanFunction}': 'plan', '${TileFunction}': 'tile', '${TextFunction}': 'text',
    '${AssembleFunction}': 'assemble' };
  for (const state of ['Plan', 'Tile', 'Text', 'Assemble'])
    handlers[state] = async ({ FunctionName, Payload }) => {
      const name = functions[FunctionName];
      calls[name] = (calls[name] ?? 0) + 1;
      await before(name, Payload, calls[name]);
      return { Payload: await invoke(name, Payload) };
    };
  const machine = new StateMachine(local, { validationOptions: { noValidate: true } });
  const pauses = { Plan: 0, Tile: 0, Text: 0, Assemble: 0 };
  try {
    const result = await machine.run(input, {
      overrides: { taskResourceLocalHandlers: handlers, retryIntervalOverrides: pauses } }).result;
    return { result, calls };
  } catch (error) {
    return { error: error.cause ?? error, calls };
  }
}

// But for what a run has besides: its job, its plan, and, on files, the tiles' notes.
const own = ['job.json', 'plan.jsonl', 'runs', '.tile'];
const listed = (folder) => fs.readdirSync(folder).filter((name) => !own.includes(name)).sort();

function assertSameFiles(folder, expected) {
  assert.deepEqual(listed(folder), fs.readdirSync(expected).sort());
  for (const name of listed(folder))
    assert(fs.readFileSync(path.join(folder, name)).equals(fs.readFileSync(path.join(expected, name))), name);
}

const format = process.env.TILE_TEST_FORMAT ?? 'tif'; // another in a build without libtiff
const image = { source: 's3://in/photo.jpg', tile: [64, 64], to: 'lab', format };

// The same files as the tool's, though each batch is done twice: child executions run at least once.
async function imageEqualsTool() {
  const { result, error, calls } = await run({ ...image, output: 's3://out/image/' }, async (name, event) => {
    if (name === 'tile') await invoke(name, event);
  });
  assert.ifError(error);
  execFileSync(converter, ['-q', '-s', '64', '-t', 'lab', '-f', format, path.join(store, 'in/photo.jpg'), '-o',
    path.join(store, 'expected')]);
  assertSameFiles(path.join(store, 'out/image'), path.join(store, 'expected'));
  const plan = fs.readFileSync(path.join(store, 'out/image/plan.jsonl'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(result, { manifest: 's3://out/image/manifest.json', tiles: plan.length });
  assert.equal(calls.plan, 1);
  assert.equal(calls.assemble, 1);
}

// The new text has the paragraphs of the old one, and each was described once.
async function textIsWhole() {
  let source = '';
  for (let i = 0; i < 30000; i++) source += `Paragraph ${i}: déjà vu.\n${'More of it. '.repeat(i % 7)}\n\n`;
  fs.writeFileSync(path.join(store, 'in/book.txt'), source);
  const { error, calls } = await run({ source: 's3://in/book.txt', output: 's3://out/text/',
    text: 's3://out/book.txt', range: 300000 });
  assert.ifError(error);
  assert(calls.text > 1, `${calls.text} parts`);
  let paragraphs = 0;
  for (const name of fs.readdirSync(path.join(store, 'out/text')).filter((name) => /^part_\d+\.jsonl$/.test(name)))
    paragraphs += fs.readFileSync(path.join(store, 'out/text', name), 'utf8').trimEnd().split('\n').length;
  assert.equal(paragraphs, 30000);
  const split = (text) => text.trim().split(/\n\n+/);
  assert.deepEqual(split(fs.readFileSync(path.join(store, 'out/book.txt'), 'utf8')), split(source));
}

// What assemble found missing is listed, and a second run makes that alone.
async function missingTilesAreMadeAlone() {
  const folder = path.join(store, 'out/again');
  // Each batch loses a tile and what it told.
  const lost = [];
  const first = await run({ ...image, output: 's3://out/again/' }, (name, event) => {
    if (name !== 'tile') return;
    lost.push(...event.Items.slice(0, 1).map((task) => path.basename(task.output)));
    event.Items.shift();
    delete event.BatchInput.records;
  });
  assert.equal(first.error?.name, 'Function.Incomplete', String(first.error));
  const [list] = first.error.message.match(/\S+\/out\/again\/runs\/[0-9a-f]{32}\/missing\.jsonl$/) ?? [];
  const listedTasks = fs.readFileSync(list, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(listedTasks.map((task) => path.basename(task.output)), lost);
  const made = [];
  const second = await run({ job: 's3://out/again/job.json' }, (name, event) => {
    if (name === 'tile') made.push(...event.Items.map((task) => path.basename(task.output)));
  });
  assert.ifError(second.error);
  assert.deepEqual(made.sort(), lost.sort());
  assertSameFiles(folder, path.join(store, 'expected'));
}

// What may pass is tried again; what cannot ends the run under its own name, at once.
async function errorsAreTold() {
  const passing = await run({ ...image, output: 's3://out/passing/' }, (name, event, call) => {
    if (call === 1) throw named(name === 'plan' ? 'Runtime.ExitError' : 'Function.SourceUnreadable', '');
    // An account of low concurrency refuses more than once.
    if (name === 'tile' && call < 12) throw named('Lambda.TooManyRequestsException', '');
  });
  assert.ifError(passing.error);
  assertSameFiles(path.join(store, 'out/passing'), path.join(store, 'expected'));
  assert.equal(passing.calls.plan, 2);

  const changed = await run({ ...image, output: 's3://out/changed/' }, (name) => {
    if (name === 'tile') fs.appendFileSync(path.join(store, 'in/photo.jpg'), 'x');
  });
  assert.equal(changed.error?.name, 'Function.SourceChanged', String(changed.error));
  assert.equal(changed.calls.assemble, undefined);
  assert(!fs.existsSync(path.join(store, 'out/changed/manifest.json')));

  const missing = await run({ ...image, source: 's3://in/none.jpg', output: 's3://out/missing/' });
  assert.equal(missing.error?.name, 'Function.SourceNotFound', String(missing.error));
  assert.equal(missing.calls.plan, 1);
}

async function main() {
  isValid();
  for (const folder of ['in', 'out']) fs.mkdirSync(path.join(store, folder));
  fs.copyFileSync(path.join(fixtures, 'photo.jpg'), path.join(store, 'in/photo.jpg'));
  assert.deepEqual(await evaluate(definition.States.Locate.Output, { job: 's3://b/p/q/job.json', seconds: 3, batch: 10,
    plan: 's3://b/p/q/plan.jsonl', kind: 'image', tiles: 9, records: 's3://b/p/q/runs/0123/' }),
    { job: 's3://b/p/q/job.json', kind: 'image', bucket: 'b', key: 'p/q/plan.jsonl', runs: 'p/q/runs', batch: 10,
      records: 's3://b/p/q/runs/0123/', concurrency });
  await textIsWhole();
  await imageEqualsTool();
  await missingTilesAreMadeAlone();
  await errorsAreTold();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
