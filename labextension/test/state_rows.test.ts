// src/states: the tree of the states, and src/cell: dates of old outputs.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { dayAndTime } from '../lib/cell/day_and_time.js';
import { offPath } from '../lib/states/off_path.js';
import { stateRows } from '../lib/states/state_rows.js';

const state = (run, parent) => ({ run, parent, count: run, available: 'live' });
const drawn = (states, current) =>
  stateRows(states, current).map(
    row => `${row.lanes.lane}${row.lanes.down ? '|' : '.'}${row.current ? '*' : ' '}${row.run}`
  );

test('newest on top, and all begins with a fresh program', () => {
  assert.deepEqual(drawn([], 0), ['0.*0']);
  assert.deepEqual(drawn([state(1, 0), state(2, 1)], 2), ['0|*2', '0| 1', '0. 0']);
});

test('the newest states are on the left, wherever the program is now', () => {
  assert.deepEqual(drawn([state(1, 0), state(2, 1), state(3, 1)], 2), ['0| 3', '1|*2', '0| 1', '0. 0']);
  assert.deepEqual(drawn([state(1, 0), state(2, 1)], 0), ['0| 2', '0| 1', '0.*0']);
});

test('a state whose parent is not in the list hangs on nothing', () => {
  assert.deepEqual(drawn([state(5, 3), state(6, 5)], 6), ['0|*6', '0. 5', '0. 0']);
});

test('days are calendar days', () => {
  const trans = { __: (words, ...values) => values.reduce((all, value, i) => all.replace(`%${i + 1}`, value), words) };
  const at = (day, hour) => new Date(2026, 10, day, hour, 3).getTime();
  const words = time => dayAndTime(time * 1000, trans, at(23, 1));
  assert.match(words(at(23, 0)), /^\d+:03/);
  assert.match(words(at(22, 17)), /^yesterday \d+:03/);
  assert.match(words(at(21, 23)), /2026, \d+:03/);
});

test('runs that are no part of the state', () => {
  const states = [
    { run: 1, parent: 0 }, // of a kernel that is gone
    { run: 5, parent: 0 },
    { run: 6, parent: 5 },
    { run: 7, parent: 6 },
    { run: 8, parent: 5 }
  ];
  assert.deepEqual([...offPath(states, 8, 5)], [6, 7]);
  assert.deepEqual([...offPath(states, 7, 0)], [8]);
  assert.deepEqual([...offPath(states, 0, 5)], [5, 6, 7, 8], 'a fresh program');
  assert.deepEqual([...offPath(states, 0, 0)], []);
  assert.deepEqual([...offPath([{ run: 3, parent: 3 }], 3, 0)], [], 'a damaged list');
});
