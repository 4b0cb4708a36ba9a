// src/tree: which versions get a row, and the lanes of the drawing.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { foldTyping, nodeOf } from '../lib/tree/fold.js';
import { LANES_MAX, layLanes } from '../lib/tree/lanes.js';

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
const line = (count, more = {}) => Array.from({ length: count }, (_, i) => version(i + 1, i, more[i + 1]));
const rows = (versions, every = false) =>
  foldTyping(versions, every)
    .map(row => `${row.version.version}<${row.parent}+${row.folded.length}`)
    .join(' ');

test('typing is one row', () => {
  assert.equal(rows([]), '');
  assert.equal(rows(line(6, { 6: { head: true } })), '1<0+0 6<1+4');
  assert.equal(rows(line(3), true), '1<0+0 2<1+0 3<2+0');
});

test('what somebody would look for has a row', () => {
  const marked = line(12, { 3: { runs: [{}] }, 5: { label: 'works' }, 7: { pinned: true }, 9: { head: true } });
  assert.equal(rows(marked), '1<0+0 3<1+1 5<3+1 7<5+1 9<7+1 12<9+2');
});

test('branches, other causes and pauses have rows', () => {
  const branch = [...line(5), version(6, 3), version(7, 6), version(8, 7, { cause: 'paste' }), version(9, 8)];
  assert.equal(rows(branch), '1<0+0 3<1+1 5<3+1 7<3+1 8<7+0 9<8+0');
  const pause = line(6).map(one => (one.version > 3 ? { ...one, created: one.created + 6e8 } : one));
  assert.equal(rows(pause), '1<0+0 3<1+1 6<3+2');
});

test('ten thousand versions in a line are one row and the first', () => {
  assert.equal(rows(line(10_000)), '1<0+0 10000<1+9998');
});

/** "*" the node, "|" passes, "/" ends at the node, each in its lane. */
function draw(parents) {
  const nodes = Object.entries(parents)
    .map(([number, parent]) => ({ number: Number(number), parent }))
    .reverse();
  return layLanes(nodes).map((row, i) => {
    const width = Math.max(row.lane, ...row.joins, ...row.through) + 1;
    const signs = Array.from({ length: width }, (_, lane) => {
      if (lane === row.lane) {
        return '*';
      }
      return row.joins.includes(lane) ? '/' : row.through.includes(lane) ? '|' : ' ';
    });
    return `${signs.join('')} ${nodes[i].number}`;
  });
}

test('a line, and older branches beside the newest', () => {
  assert.deepEqual(draw({ 1: 0, 2: 1, 3: 2 }), ['* 3', '* 2', '* 1']);
  assert.deepEqual(draw({ 1: 0, 2: 1, 3: 2, 4: 1, 5: 4 }), ['* 5', '* 4', '|* 3', '|* 2', '*/ 1']);
  assert.deepEqual(draw({ 1: 0, 2: 1, 3: 2, 4: 1, 5: 3 }), [' * 5', '*| 4', '|* 3', '|* 2', '*/ 1']);
});

test('several roots, and a parent on a page that is not there', () => {
  assert.deepEqual(draw({ 5: 2, 6: 0, 7: 5 }), ['* 7', '|* 6', '* 5']);
  assert.deepEqual(draw({ 1: 0, 2: 0, 3: 0 }), ['* 3', '* 2', '* 1']);
});

test('lanes of branches that ended are used again, and too many share the last', () => {
  const parents = { 1: 0 };
  for (let i = 2; i <= 50; i++) {
    parents[i] = 1;
  }
  const drawn = layLanes(
    Object.keys(parents)
      .map(Number)
      .reverse()
      .map(n => ({ number: n, parent: parents[n] }))
  );
  assert.ok(drawn.every(row => row.lane < LANES_MAX));
  assert.deepEqual(draw({ 1: 0, 2: 1, 3: 1, 4: 3, 5: 3, 6: 5 }), ['* 6', '* 5', '|* 4', '*/ 3', '|* 2', '*/ 1']);
  assert.deepEqual(draw({ 1: 0, 2: 1, 3: 1, 4: 2, 5: 2 }), [' * 5', ' |* 4', '*|| 3', '|*/ 2', '*/ 1']);
});

/** The lane of each row's version. */
const lanesOf = rows => {
  const nodes = rows.map(nodeOf).reverse();
  return new Map(layLanes(nodes).map((row, i) => [nodes[i].number, row.lane]));
};

test('lanes stay where they are when somebody steps, and when the newest is typed on', () => {
  let seed = 7;
  const random = below => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  for (let round = 0; round < 50; round++) {
    const versions = [version(1, 0)];
    while (versions.length < 40) {
      const last = versions.length;
      versions.push(version(last + 1, random(3) ? last : 1 + random(last)));
    }
    // Whoever steps onto a step of typing gives it a row of its own: the others stay in their lanes.
    const seen = head => lanesOf(foldTyping(versions.map(one => ({ ...one, head: one.version === head }))));
    const before = seen(40);
    seen(1 + random(40)).forEach((lane, number) => assert.equal(lane, before.get(number) ?? lane));
    const all = lanesOf(foldTyping(versions, true));
    const more = lanesOf(foldTyping([...versions, version(41, 40)], true));
    more.forEach((lane, number) => assert.equal(lane, all.get(number) ?? lane));
  }
});
