// SPDX-License-Identifier: MIT
// template.cjs TEMPLATE: what can be said of the template without AWS: it is YAML, each reference has its aim, what it
// declares is used, the state machine gets what it substitutes, and files are there. Not covered: whether
// CloudFormation knows each property and accepts its value.
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
  for (const part of ['Conditions', 'Globals', 'Resources', 'Outputs']) visit(template[part], part);
  for (const [name, resource] of Object.entries(Resources)) {
    expect(/^AWS::\w+::\w+$/.test(resource.Type), `${name}: no type`);
    for (const member of Object.keys(resource))
      expect(['Type', 'Condition', 'Properties', 'DependsOn'].includes(member), `${name}: ${member}`);
    if (resource.Condition) condition(resource.Condition, name);
  }
  // SAM refuses these; `aws cloudformation package` passes by the last.
  for (const name of ['Role', 'Policies', 'FunctionName', 'Events', 'CodeUri'])
    expect(!(name in template.Globals.Function), `Globals: ${name}`);
  for (const name of [...Object.keys(Parameters), ...Object.keys(Conditions)])
    expect(used.has(name), `${name} is not used`);

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
  ['CodeUri: function/', 'CodeUri: functions/'], ['  Tile:\n', '  Plan:\n']]) {
  assert(text.includes(from), from);
  assert.notDeepEqual(check(text.replaceAll(from, to)), [], `${from} -> ${to}`);
}
