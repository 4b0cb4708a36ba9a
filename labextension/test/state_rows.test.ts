// src/states: the tree of the states, and src/cell: dates of old outputs.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { dayAndTime } from '../lib/cell/day_and_time.js';
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
