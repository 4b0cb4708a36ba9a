// src/whole and src/limits: what makes a notebook into another one, and words, without the page.
import assert from 'node:assert/strict';
import { test } from '@jest/globals';
import { amountWords, applyLimits, parseAmount } from '../lib/limits/limits.js';
import { bringEachBack } from '../lib/whole/bring_each.js';
import { cellName } from '../lib/whole/cell_name.js';
import { nameOfThen, nthName, whenWords } from '../lib/whole/copy.js';
import { momentRows, worthShowing } from '../lib/whole/moments.js';
import { isNothing, planWhole } from '../lib/whole/plan.js';

const trans = {
  __: (text, ...words) => text.replace(/%(\d)/g, (_, n) => String(words[n - 1])),
  _n: (one, many, n) => (n === 1 ? one : many).replace('%1', String(n))
};
const now = (id, text = id, more = {}) => ({ id, type: 'code', text, run: 0, ...more });
const then = (cell, text = cell, run = 0) => ({ cell, type: 'code', version: 1, run, text });

/** Does what a plan says, as the page does it. */
function done(cells, plan) {
  const after = new Map(plan.cells.map(cell => [cell.id, cell.after]));
  const list = cells.map(({ id, text }) => ({ id, text }));
  plan.deletes.forEach(at => list.splice(at, 1));
  plan.inserts.forEach(({ at, id }) => list.splice(at, 0, { id, text: after.get(id) }));
  plan.texts.forEach(({ id, text }) => (list.find(cell => cell.id === id).text = text));
  return list.map(({ id, text }) => `${id}: ${text}`);
}

const all = (...lists) => new Set(lists.flat().map(cell => cell.id ?? cell.cell));

test('a plan makes what was out of what is', () => {
  const here = [now('a', 'new'), now('b'), now('c'), now('d')];
  const there = [then('d'), then('a', 'old'), then('x'), then('b')];
  const plan = planWhole(here, there, all(here, there));
  assert.deepEqual(done(here, plan), ['d: d', 'a: old', 'x: x', 'b: b']);
  assert.deepEqual(
    plan.cells.map(cell => `${cell.id} ${cell.fate}${cell.moves ? ' moves' : ''}`),
    ['d stays moves', 'a changes', 'x comes', 'b stays', 'c goes']
  );
  assert.deepEqual(plan.texts, [{ id: 'a', text: 'old' }]); // it rests where it is: its cursor and undo stay
});

test('the same notebook is nothing to do', () => {
  const here = [now('a'), now('b', 'b', { run: 3 })];
  assert.equal(isNothing(planWhole(here, [then('a'), then('b', 'b', 3)], all(here))), true);
  const other = planWhole(here, [then('a'), then('b', 'b', 2)], all(here));
  assert.equal(isNothing(other), false);
  assert.deepEqual(
    other.cells.map(cell => cell.otherOutputs),
    [false, true]
  );
  assert.deepEqual([other.deletes, other.inserts], [[1], [{ at: 1, id: 'b' }]]); // a step that undo can take back
  assert.deepEqual(done(here, other), ['a: a', 'b: b']);
});

test('cells that the history has never met stay, empty ones go', () => {
  const here = [now('a'), now('unmet'), now('empty', '')];
  const plan = planWhole(here, [then('a', 'old')], new Set(['a']));
  assert.deepEqual(done(here, plan), ['a: old', 'unmet: unmet']);
});

test('what is marked as fixed stays, and says so', () => {
  const here = [now('a', 'new', { fixedText: true }), now('b', 'b', { fixedPlace: true })];
  const plan = planWhole(here, [then('a', 'old')], all(here));
  assert.deepEqual(done(here, plan), ['a: new', 'b: b']);
  assert.deepEqual(
    plan.cells.map(cell => cell.fixed),
    [true, true]
  );
});

test('any two notebooks, in any order', () => {
  let seed = 7;
  const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 500; round++) {
    const ids = [...'abcdefgh'].sort(() => random(3) - 1);
    const here = ids.slice(0, random(8)).map(id => now(id, `${id}${random(2)}`));
    const there = [...ids]
      .sort(() => random(3) - 1)
      .slice(0, random(8))
      .map(id => then(id, `${id}${random(2)}`));
    const plan = planWhole(here, there, all(here, there));
    assert.deepEqual(
      done(here, plan),
      there.map(({ cell, text }) => `${cell}: ${text}`)
    );
  }
});

test('cells have names', () => {
  assert.equal(cellName('text before\n\n## The **growth** ##\nmore', 'markdown', trans), 'The **growth**');
  assert.equal(cellName('\n#include <stdio.h>\n\nint x;', 'code', trans), 'int x;');
  assert.equal(cellName('#include <stdio.h>', 'code', trans), '#include <stdio.h>');
  assert.equal(cellName(' \n', 'code', trans), 'empty cell');
  assert.equal(cellName('x'.repeat(100), 'code', trans).length, 60);
});

test('copies are named after the notebook and the time', () => {
  const time = new Date(2026, 4, 3, 14, 0).getTime();
  const words = whenWords(time * 1000, time);
  assert.match(words, /^3 \p{L}+ 14\.00$/u);
  assert.match(whenWords(time * 1000, new Date(2027, 1, 1).getTime()), / 2026 14\.00$/);
  assert.equal(nameOfThen('folder/Analysis.ipynb', '3 May 14.00'), 'Analysis (3 May 14.00).ipynb');
  assert.equal(nthName('Analysis (3 May 14.00).ipynb', 2), 'Analysis (3 May 14.00) 2.ipynb');
});

test('moments have words and stand under their kernel', () => {
  const at = minutes => new Date(2026, 4, 3, 14, minutes).getTime() * 1000;
  const moment = (kind, minutes, more = {}) => ({ kind, time: at(minutes), about: 0, cells: 1, runs: 0, ...more });
  const list = [
    moment('session', 0, { cells: 0 }),
    moment('saved', 1, { cells: 2, runs: 1 }),
    moment('saved', 2, { cells: 0 }),
    moment('change', 3, { about: 14 }),
    moment('session', 5, { cells: 0 }),
    moment('restart-run-all', 6, { cells: 0, about: 4 })
  ];
  assert.equal(worthShowing(list).length, 4); // a save and a start after nothing had happened
  const rows = momentRows(list, at(9), trans);
  assert.deepEqual(
    rows.map(row => (row.kind === 'heading' ? '--' : row.words)),
    ['--', 'now', 'before Restart and Run All', '--', 'before 14 cells changed at once', 'saved', 'kernel started']
  );
  assert.equal(rows.find(row => row.words === 'saved').note, '2 cells edited, 1 run');
});

test('limits are amounts', async () => {
  assert.equal(parseAmount('4M'), 4 << 20);
  assert.equal(parseAmount(' 500 k '), 500 * 1024);
  assert.equal(parseAmount('4MB'), undefined);
  assert.equal(amountWords(1536 * 1024, true), '1536K');
  const asked = [];
  const setting = { name: 'text_limit', bytes: true, least: 1024, most: 1 << 30, all: 0 };
  const connection = {
    request: async (what, members) => {
      asked.push([what, members]);
      return { settings: [setting] };
    }
  };
  await applyLimits({ connection }, { text_limit: '' }, {}, trans);
  assert.equal(asked.length, 1); // as the history has it
  await applyLimits({ connection }, { text_limit: '4M' }, {}, trans);
  assert.deepEqual(asked.at(-1), ['set', { name: 'text_limit', value: 4 << 20 }]);
  await applyLimits({ connection }, { text_limit: '' }, { text_limit: '4M' }, trans);
  setting.all = 4 << 20;
  await applyLimits({ connection }, { text_limit: '' }, { text_limit: '4M' }, trans);
  assert.deepEqual(asked.at(-1), ['set', { name: 'text_limit', value: 0 }]);
  await assert.rejects(applyLimits({ connection }, { text_limit: '5' }, {}, trans), /from 1K to 1G/);
});

test('one cell that cannot be had back keeps no other away', async () => {
  const tried = [];
  const bring = async one => {
    tried.push(one);
    if (one.startsWith('fixed')) {
      throw new Error(one);
    }
    return one !== 'runs';
  };
  const { back, error } = await bringEachBack(['a', 'fixed 1', 'runs', 'fixed 2', 'b'], bring);
  assert.deepEqual(tried, ['a', 'fixed 1', 'runs', 'fixed 2', 'b']);
  assert.equal(back, 2); // the person left the one that runs as it is
  assert.equal(error.message, 'fixed 1');
});
