// src/cell: which branches and which stops in time a cell offers.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { branchAt, branchesOf } from '../lib/cell/branches.js';
import { runsOf } from '../lib/cell/runs.js';
import { timelineOf } from '../lib/cell/timeline.js';

const version = (number, parent, more = {}) => ({
  version: number,
  parent,
  created: number * 1_000_000,
  cause: 'typing',
  head: false,
  summary: '',
  label: '',
  pinned: false,
  runs: [],
  ...more
});
/** "1<0 2<1 3<2*": versions with their parents, the head with a star. */
const tree = (drawn, more = {}) =>
  drawn.split(' ').map(word => {
    const [, number, parent, head] = /^(\d+)<(\d+)(\*?)$/.exec(word);
    return version(Number(number), Number(parent), { head: head === '*', ...more[number] });
  });
/** "4 [5]": what the branches stand for, the head's in brackets. */
const offered = (versions, left) => {
  const branches = branchesOf(versions, left);
  return branches?.branches
    .map(({ version }, i) => (i === branches.index ? `[${version}]` : String(version)))
    .join(' ');
};

test('typing, and undo, are no branch', () => {
  assert.equal(offered([]), undefined);
  assert.equal(offered(tree('1<0*')), undefined);
  assert.equal(offered(tree('1<0 2<1 3<2*')), undefined);
  assert.equal(offered(tree('1<0* 2<1 3<2')), undefined);
});

test('undo thrice, type one character', () => {
  const drawn = '1<0 2<1 3<2 4<3';
  assert.equal(offered(tree(`${drawn} 5<1*`)), '4 [5]');
  assert.equal(offered(tree('1<0 2<1 3<2 4<3* 5<1')), '[4] 5');
  assert.equal(offered(tree('1<0 2<1 3<2* 4<3 5<1')), '[3] 5', 'undone once within a branch');
  assert.equal(offered(tree('1<0* 2<1 3<2 4<3 5<1')), '4 5', 'undone to where they part');
});

test('a branch stands for its newest text or run', () => {
  const forked = '1<0 2<1 3<2 4<3 5<1*';
  assert.equal(offered(tree(forked)), '4 [5]');
  assert.equal(offered(tree(forked, { 3: { runs: [{ started: 9e9 }] } })), '3 [5]');
});

test('or for where a flip left it, until it grows or forks there', () => {
  const left = new Map([[4, 3]]);
  assert.equal(offered(tree('1<0 2<1 3<2 4<3 5<1*'), left), '3 [5]');
  assert.equal(offered(tree('1<0 2<1 3<2 4<3 5<1* 6<4'), left), '6 [5]');
  assert.equal(offered(tree('1<0 2<1 3<2 4<3 5<1* 6<3'), left), '4 6 [5]');
  assert.equal(offered(tree('1<0 2<1 3<2 4<3 5<1 6<5*'), left), '3 [6]', 'the other one grew');
});

test('forks within branches hide nothing, and the nearest relative is one step away', () => {
  assert.equal(offered(tree('1<0 2<1 3<2 4<2* 5<1')), '3 [4] 5');
  assert.equal(offered(tree('1<0 2<1 3<2 4<2 5<1 6<5 7<6 8<6*')), '3 4 7 [8]');
  assert.equal(offered(tree('1<0 2<1 3<2 4<2 5<1 6<5 7<6 8<2*')), '3 4 [8] 7');
});

test('steps from where branches part', () => {
  const steps = drawn => [-1, 1].map(step => branchAt(branchesOf(tree(drawn)), step)?.version);
  assert.deepEqual(steps('1<0* 2<1 3<1'), [undefined, 2]);
  assert.deepEqual(steps('1<0 2<1 3<1* 4<3 5<3'), [2, 4]);
  assert.deepEqual(steps('1<0 2<1 3<1 4<3 5<3*'), [4, undefined]);
});

test('texts with no beginning in common, and a beginning on an earlier page', () => {
  assert.equal(offered(tree('1<0 2<1 3<0*')), '2 [3]');
  assert.equal(offered(tree('8<5 9<5* 10<8')), '10 [9]');
});

test('earlier outputs are worth having where they may be others', () => {
  const run = (number, summary, more = {}) => ({
    run: number,
    status: 'ok',
    outputs: 1,
    mime: ['text/plain'],
    summary,
    ...more
  });
  const shown = (runs, old) => {
    const found = runsOf([version(1, 0, { head: true, runs })], old);
    return found && `${found.index + 1}/${found.runs.length}`;
  };
  assert.equal(shown([]), undefined);
  assert.equal(shown([run(1, '2')]), undefined);
  assert.equal(shown([run(1, '2'), run(2, '2')]), undefined);
  assert.equal(shown([run(1, '2'), run(2, '3')]), '2/2');
  assert.equal(shown([run(1, '2'), run(2, '3')], 1), '1/2');
  const picture = { mime: ['image/png'] };
  assert.equal(shown([run(1, 'image/png', picture)]), undefined);
  assert.equal(shown([run(1, 'image/png', picture), run(2, 'image/png', picture)]), '2/2');
  assert.equal(shown([run(1, '2'), run(2, '', { outputs: 0 }), run(3, '', { outputs: 0 })]), '2/2');
  assert.equal(shown([run(1, '2'), run(2, '3', { status: 'running' })]), undefined);
});

test('ten thousand versions', () => {
  const line = Array.from({ length: 10_000 }, (_, i) => version(i + 1, i));
  assert.equal(offered([...line, version(10_001, 1, { head: true })]), '10000 [10001]');
});

test('time goes over runs of typing', () => {
  const { versions, index } = timelineOf(tree('1<0 2<1 3<2 4<3 5<1 6<5*'));
  assert.deepEqual(
    versions.map(one => one.version),
    [1, 4, 6]
  );
  assert.equal(index, 2);
  assert.equal(timelineOf([]).index, -1);
});
