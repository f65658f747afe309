// SPDX-License-Identifier: MIT
// template.cjs TEMPLATE: what can be said of the template without AWS: it is YAML, each reference has its aim, what it
// declares is used, the state machine gets what it substitutes, files are there, roles may do what their functions do
// and nothing else, and the queue's mapping loses no message. Not covered: whether CloudFormation knows each property
// and accepts its value.
'use strict';
require('./packages.cjs');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const yaml = require('yaml');

const file = process.argv[2];
const known = { // of the types that we take attributes of
  'AWS::Serverless::Function': ['Arn'],
  'AWS::Logs::LogGroup': ['Arn'],
  'AWS::SQS::Queue': ['Arn', 'QueueName'],
  'AWS::IAM::Role': ['Arn'],
};
const pseudo = ['AWS::StackName', 'AWS::Partition', 'AWS::Region', 'AWS::AccountId', 'AWS::NoValue'];

// A short form of a function, as an object of its own.
class Call {
  constructor(name, value) {
    Object.assign(this, { name, value });
  }
}
const tags = ['Ref', 'Sub', 'GetAtt'].map((name) =>
  ({ tag: `!${name}`, resolve: (text) => new Call(name, text) }));
for (const name of ['If', 'Equals', 'Not'])
  tags.push({ tag: `!${name}`, collection: 'seq', resolve: (list) => new Call(name, list.toJSON()) });

// ---- What roles may do ----

// The template's values with these parameters; a condition holds.
const parameters = { Bucket: 'bucket', SourcePrefix: 'in/', OutputPrefix: 'out/', 'AWS::Partition': 'aws' };
function resolve(value) {
  if (!(value instanceof Call)) {
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member)]));
  }
  if (value.name === 'If') return resolve(value.value[1]);
  if (value.name === 'Sub') return value.value.replace(/\$\{([^}]*)\}/g, (_, name) => parameters[name] ?? name);
  return value.name === 'Ref' ? parameters[value.value] ?? value.value : value.value;
}

// As IAM decides: what is denied is denied, all else has to be allowed. '*' is any text, slashes included.
function may(role, action, resource) {
  const list = (value) => (Array.isArray(value) ? value : [value]);
  const matches = (pattern, text) =>
    RegExp(`^${pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&')).join('.*')}$`).test(text);
  const effects = resolve(role).Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Action, Resource }) => list(Action).includes(action) && list(Resource).some((r) => matches(r, resource)))
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

const roleOf = { Plan: 'PlanRole', Tile: 'TileRole', Text: 'TileRole', Assemble: 'AssembleRole', Jobs: 'JobsRole' };
// Of each key, whose roles may read it and whose may write it.
const rights = {
  'in/a.jpg': ['Plan Tile Text Assemble', ''],
  'in/plan.jsonl': ['Plan Tile Text Assemble', ''],
  'out/job/plan.jsonl': ['Plan Assemble Jobs', 'Plan'],
  'out/plan.jsonl': ['Plan Assemble Jobs', 'Plan'],
  'out/job/job.json': ['Plan Assemble Jobs', 'Plan'],
  'out/job/index.tix': ['Plan Tile Text Assemble Jobs', 'Plan'],
  'out/job/r0_c0.tif': ['Plan Assemble Jobs', 'Tile Text Assemble'],
  'out/job/manifest.json': ['Plan Assemble Jobs', 'Assemble'],
  'out/one.tif': ['Plan Assemble Jobs', 'Tile Text Assemble'],
  'out/job/runs/0123/0-63.json': ['Plan Assemble Jobs', 'Tile Text Assemble Jobs'],
  'out/job/runs/0123/missing.jsonl': ['Plan Assemble Jobs', 'Assemble Jobs'],
  'other/a.jpg': ['', ''],
};

function checkRoles(Resources, expect) {
  for (const [name, role] of Object.entries(roleOf)) {
    expect(resolve(Resources[name].Properties.Role) === `${role}.Arn`, `${name}: its role is not ${role}`);
    for (const [key, [readers, writers]] of Object.entries(rights))
      for (const [action, names] of [['s3:GetObject', readers], ['s3:PutObject', writers]])
        expect(may(Resources[role], action, `arn:aws:s3:::bucket/${key}`) === names.split(' ').includes(name),
          `${name}: ${action} of ${key}`);
  }
  for (const [name, { Type, Properties }] of Object.entries(Resources))
    if (Type === 'AWS::IAM::Role')
      for (const { Condition } of resolve(Properties.AssumeRolePolicyDocument.Statement))
        expect(Condition?.StringEquals?.['aws:SourceAccount'] === 'AWS::AccountId', `${name}: trusts any account`);
    else if (Type === 'AWS::Lambda::Permission')
      expect(Properties.SourceAccount && Properties.SourceArn, `${name}: lets any account call`);
}

// ---- The queue ----

// Messages that fail stay, until they are in a queue that an alarm looks at. No more of it than its condition says.
function checkQueue({ TasksToTile, Tasks, TasksFailed, TileFromTasks, FailedTasks }, Parameters, expect) {
  const { EventSourceArn, FunctionName, FunctionResponseTypes } = resolve(TasksToTile.Properties);
  expect(EventSourceArn === 'Tasks.Arn' && FunctionName === 'Tile.Arn', 'TasksToTile: of another queue or function');
  expect(FunctionResponseTypes?.includes('ReportBatchItemFailures'), 'TasksToTile: failed messages vanish');
  expect(resolve(Tasks.Properties).RedrivePolicy?.deadLetterTargetArn === 'FailedTasks.Arn', 'Tasks: try for ever');
  expect(resolve(TasksFailed.Properties).Dimensions[0].Value === 'FailedTasks.QueueName', 'TasksFailed: of another queue');
  expect(Tasks.Properties.VisibilityTimeout >= 6 * Parameters.TileTimeout.MaxValue, 'Tasks: given twice');
  expect(Parameters.TaskQueue.Default === 'off', 'TaskQueue: is on');
  for (const resource of [TasksToTile, Tasks, TasksFailed, TileFromTasks, FailedTasks])
    expect(resource.Condition === 'HasTaskQueue', 'the queue is there when it is off');
}

// ---- The bucket ----

// What it holds outlives the stack, but for parts of uploads that nobody will complete.
function checkBucket({ NewlyMade: bucket }, Parameters, expect) {
  const [rule, ...others] = bucket.Properties.LifecycleConfiguration.Rules;
  expect(rule.Status === 'Enabled' && rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation === 1,
    'NewlyMade: lost parts stay');
  expect(others.length === 0 && !rule.Prefix && !('ExpirationInDays' in rule), 'NewlyMade: what is whole goes');
  expect(bucket.DeletionPolicy === 'Retain' && bucket.UpdateReplacePolicy === 'Retain', 'NewlyMade: goes');
  expect(bucket.Condition === 'MakesBucket' && Parameters.NewBucket.Default === 'off', 'NewlyMade: is made unasked');
}

// ---- All of it ----

function check(text) {
  const errors = [];
  const document = yaml.parseDocument(text, { customTags: tags, strict: true, uniqueKeys: true });
  if (document.errors.length) return document.errors.map(String);
  const template = document.toJS();
  const { Parameters, Conditions, Resources } = template;
  const used = new Set();
  const expect = (is, message) => is || errors.push(message);

  const refer = (name, where) => {
    used.add(name);
    expect(name in Parameters || name in Resources || pseudo.includes(name), `${where}: there is no ${name}`);
  };
  const condition = (name, where) => {
    used.add(name);
    expect(name in Conditions, `${where}: there is no condition ${name}`);
  };
  const visit = (value, where) => {
    if (value instanceof Call) return visitCall(value, where);
    if (value === null || typeof value !== 'object') return;
    for (const [name, member] of Object.entries(value)) visit(member, `${where}.${name}`);
  };
  const visitCall = ({ name, value }, where) => {
    if (name === 'Ref') return refer(value, where);
    if (name === 'GetAtt') {
      const [resource, attribute] = value.split('.');
      refer(resource, where);
      return expect(known[Resources[resource]?.Type]?.includes(attribute), `${where}: ${resource} has no ${attribute}`);
    }
    if (name === 'Sub') {
      for (const [, reference] of value.matchAll(/\$\{([^!}]*)\}/g)) refer(reference, where);
      return expect(/\$\{/.test(value), `${where}: Sub without a reference`);
    }
    if (name === 'If') {
      expect(value.length === 3, `${where}: If takes three`);
      condition(value[0], where);
    }
    visit(value.slice(name === 'If' ? 1 : 0), where);
  };
  for (const part of ['Rules', 'Conditions', 'Globals', 'Resources', 'Outputs']) visit(template[part], part);
  for (const [name, resource] of Object.entries(Resources)) {
    expect(/^AWS::\w+::\w+$/.test(resource.Type), `${name}: no type`);
    for (const member of Object.keys(resource))
      expect(['Type', 'Condition', 'Properties', 'DependsOn', 'DeletionPolicy', 'UpdateReplacePolicy'].includes(member), `${name}: ${member}`);
    if (resource.Condition) condition(resource.Condition, name);
  }
  for (const [name, output] of Object.entries(template.Outputs))
    if (output.Condition) condition(output.Condition, `Outputs.${name}`);
  // SAM refuses these; `aws cloudformation package` passes by the last.
  for (const name of ['Role', 'Policies', 'FunctionName', 'Events', 'CodeUri'])
    expect(!(name in template.Globals.Function), `Globals: ${name}`);
  for (const name of [...Object.keys(Parameters), ...Object.keys(Conditions)])
    expect(used.has(name), `${name} is not used`);

  if (errors.length) return errors; // what follows takes references that have their aims
  checkRoles(Resources, expect);
  checkQueue(Resources, Parameters, expect);
  checkBucket(Resources, Parameters, expect);

  const { DefinitionUri, DefinitionSubstitutions } = Resources.Jobs.Properties;
  const definition = fs.readFileSync(path.join(path.dirname(file), DefinitionUri), 'utf8');
  const substituted = new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]));
  expect([...substituted].sort().join() === Object.keys(DefinitionSubstitutions).sort().join(), 'substitutions differ');
  for (const [name, { Type, Properties }] of Object.entries(Resources))
    if (Type === 'AWS::Serverless::Function')
      expect(fs.existsSync(path.join(path.dirname(file), Properties.CodeUri ?? 'missing')), `${name}: CodeUri`);
  return errors;
}

const text = fs.readFileSync(file, 'utf8');
assert.deepEqual(check(text), []);
// It would see what is wrong.
for (const [from, to] of [['!Ref TileMemory', '!Ref TileMemry'], ['FailedEvents.Arn', 'FailedEvents.Url'],
  ['[OnArm,', '[OnARM,'], ['${Bucket}/', '${Buckets}/'], ['PlanFunction:', 'PlannerFunction:'],
  ['Condition: OnX86', 'Condition: OnX87'], ['!Ref LayerX86', '!Ref LayerX87'],
  ['    Layers:', '    Role: some\n    Layers:'],
  ['CodeUri: function/', 'CodeUri: functions/'], ['  Tile:\n', '  Plan:\n'],
  ['!GetAtt TileRole.Arn', '!GetAtt AssembleRole.Arn'], ['Effect: Deny', 'Effect: Allow'], ['*plan.jsonl', '*plan.json'],
  ['${SourcePrefix}*', '*'], ['${OutputPrefix}*runs/*', '${OutputPrefix}*'], ["'aws:SourceAccount'", "'aws:SourceArn'"],
  ['[ReportBatchItemFailures]', '[]'], ['!GetAtt FailedTasks.QueueName', '!GetAtt FailedEvents.QueueName'],
  ["    Default: 'off'", "    Default: 'on'"], ['VisibilityTimeout: 1680', 'VisibilityTimeout: 30'],
  ['DaysAfterInitiation: 1', 'DaysAfterInitiation: 100'], ['    DeletionPolicy: Retain\n', ''],
  ['Condition: MakesBucket', 'Condition: HasTaskQueue']]) {
  assert(text.includes(from), from);
  assert.notDeepEqual(check(text.replaceAll(from, to)), [], `${from} -> ${to}`);
}
