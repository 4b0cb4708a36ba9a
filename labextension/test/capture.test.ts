// src/capture: what a person does to a notebook, told as edits. The real models of @jupyter/ydoc, the real undo.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, jest, test } from '@jest/globals';
import { YNotebook } from '@jupyter/ydoc';
import { NotebookCapture } from '../lib/capture/notebook_capture.js';

let notebook, capture, edits, cause, programCause;

beforeEach(() => {
  jest.useFakeTimers({ now: 1_700_000_000_000, doNotFake: ['nextTick', 'queueMicrotask'] });
  edits = [];
  cause = 'typing';
  programCause = 'program';
});

afterEach(() => {
  capture?.dispose();
  notebook?.dispose();
  jest.useRealTimers();
});

function open(...sources) {
  notebook = YNotebook.create({
    disableDocumentWideUndoRedo: true,
    data: {
      cells: sources.map((source, i) => ({ cell_type: 'code', id: `c${i}`, source, metadata: {}, outputs: [] })),
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5
    }
  });
  notebook.undoManager.clear();
  notebook.cells.forEach(cell => cell.undoManager.clear());
  capture = new NotebookCapture(notebook, {
    record: list => edits.push(...list),
    editorCause: () => cause,
    programCause: () => programCause
  });
}

/** As the editor's binding does it: its own origin, which the undo manager tracks. */
const bindings = new WeakMap();
function editorOf(cell) {
  if (!bindings.has(cell)) {
    const binding = { ytext: cell.ysource };
    cell.undoManager.addTrackedOrigin(binding);
    bindings.set(cell, binding);
  }
  return bindings.get(cell);
}

function type(index, text, why = 'typing') {
  const cell = notebook.cells[index];
  cause = why;
  for (const letter of why === 'typing' ? text : [text]) {
    notebook.ydoc.transact(() => cell.ysource.insert(cell.ysource.length, letter), editorOf(cell));
    jest.advanceTimersByTime(20);
  }
}

/** As long as the undo manager waits, whose clock is not the mocked one. */
function pause() {
  notebook.cells.forEach(cell => cell.undoManager.stopCapturing());
  jest.advanceTimersByTime(1500);
}

const told = () => edits.splice(0).map(short);
function short(edit) {
  if (edit.kind === 'text') {
    return `${edit.cell} ${edit.cause}${edit.origin ? ` from ${edit.origin}` : ''}: ${edit.text}`;
  }
  return edit.kind === 'delete' ? `${edit.cell} deleted` : `order ${edit.cells.join(' ')}`;
}

describe('typing', () => {
  test('opening a notebook tells nothing', () => {
    open('x', 'y');
    pause();
    capture.flush();
    assert.deepEqual(told(), []);
  });

  test('one step for what one undo takes back, with the text that it began from', () => {
    open('a');
    type(0, 'bc');
    type(0, 'd');
    assert.deepEqual(told(), []); // nothing from within a keystroke
    pause();
    type(0, 'e');
    pause();
    assert.deepEqual(told(), ['order c0', 'c0 file: a', 'c0 typing: abcd', 'c0 typing: abcde']);
  });

  test('every text that undo can reach was told before', () => {
    open('');
    for (const word of ['one', 'two', 'three', 'four']) {
      type(0, word);
      pause();
    }
    const known = new Set(edits.filter(edit => edit.kind === 'text').map(edit => edit.text));
    const reached = [];
    while (notebook.cells[0].undo()) {
      reached.push(notebook.cells[0].getSource());
    }
    assert.deepEqual(reached, ['onetwothree', 'onetwo', 'one', '']);
    assert.ok(reached.every(text => known.has(text)));
  });

  test('undo, then other text: a move and a branch', () => {
    open('');
    type(0, 'x');
    pause();
    type(0, 'y');
    pause();
    told();
    notebook.cells[0].undo();
    type(0, 'z');
    pause();
    assert.deepEqual(told(), ['c0 undo: x', 'c0 typing: xz']);
  });

  test('redo', () => {
    open('');
    type(0, 'x');
    pause();
    told();
    notebook.cells[0].undo();
    notebook.cells[0].redo();
    pause();
    assert.deepEqual(told(), ['c0 undo: ', 'c0 redo: x']);
  });

  test('what is still being typed is told by flush', () => {
    open('');
    type(0, 'x');
    capture.flush();
    assert.deepEqual(told(), ['order c0', 'c0 file: ', 'c0 typing: x']);
    type(0, 'y');
    capture.flush();
    assert.deepEqual(told(), ['c0 typing: xy']);
  });

  test('a person who never pauses has versions all the same', () => {
    open('');
    for (let i = 0; i < 100; i++) {
      type(0, 'abcdefghij'); // 200 ms
    }
    assert.ok(edits.filter(edit => edit.kind === 'text').length >= 4);
  });

  test('paste, cut and programs have their names', () => {
    open('');
    type(0, 'pasted', 'paste');
    pause();
    notebook.cells[0].setSource('made');
    pause();
    capture.during('restore', () => notebook.cells[0].updateSource(0, 4, 'back'));
    pause();
    programCause = 'replace'; // the focus is in the box of search and replace
    notebook.cells[0].setSource('beck');
    capture.during('restore', () => notebook.cells[0].setSource('made'));
    pause();
    assert.deepEqual(told(), [
      'order c0',
      'c0 file: ',
      'c0 paste: pasted',
      'c0 program: made',
      'c0 restore: back',
      'c0 replace: beck',
      'c0 restore: made'
    ]);
  });

  test('what was typed and taken away again within a step is nothing', () => {
    open('a');
    const cell = notebook.cells[0];
    type(0, 'b');
    notebook.ydoc.transact(() => cell.ysource.delete(1, 1), editorOf(cell));
    pause();
    assert.deepEqual(told(), []);
  });

  test('a cell of the notebook that is watched later has undo stops too', () => {
    open('a');
    notebook.insertCell(1, { cell_type: 'code', id: 'new', source: '' });
    type(1, 'x');
    pause();
    type(1, 'y');
    pause();
    assert.deepEqual(told(), ['order c0', 'new file: ', 'new typing: x', 'order c0 new', 'new typing: xy']);
  });
});

describe('cells of nothing but %fk', () => {
  const erase = index => {
    const cell = notebook.cells[index];
    notebook.ydoc.transact(() => cell.ysource.delete(0, cell.ysource.length), editorOf(cell));
  };

  test('what is on the way to a command is not told', () => {
    open('int x;');
    erase(0);
    pause();
    for (const part of ['%', 'f', 'k tr', 'ee']) {
      type(0, part);
      pause();
    }
    assert.deepEqual(told(), ['order c0', 'c0 file: int x;', 'c0 typing: %fk tr', 'c0 typing: %fk tree']);
  });

  test('a cell that was emptied is told as soon as it is left, goes on otherwise, or stays so', () => {
    open('x', 'y', 'z', '# title');
    [0, 1, 2].forEach(erase);
    pause();
    assert.deepEqual(told(), []);
    type(0, 'new');
    pause();
    assert.deepEqual(told(), ['order c0 c1 c2 c3', 'c0 file: x', 'c0 typing: ', 'c0 typing: new']);
    jest.advanceTimersByTime(4000);
    assert.deepEqual(told(), ['c1 file: y', 'c1 typing: ', 'c2 file: z', 'c2 typing: ']);
    erase(0);
    capture.flush();
    assert.deepEqual(told(), ['c0 typing: ']);
  });

  test('nothing is lost of what begins like a command', () => {
    open('x');
    type(0, '%');
    pause();
    erase(0);
    pause();
    for (const part of ['%', 'f', 'oo']) {
      type(0, part);
      pause();
    }
    const texts = edits.map(edit => edit.text).filter(text => text !== undefined);
    assert.deepEqual(texts, ['x', 'x%', '', '%', '%f', '%foo']);
  });
});

describe('attachments and metadata', () => {
  const extras = () =>
    edits
      .splice(0)
      .map(edit => (edit.kind === 'text' ? [edit.text, edit.extras && JSON.parse(edit.extras)] : edit.kind));
  const PICTURE = { 'a.png': { 'image/png': 'AAAA' } };

  function openMarkdown() {
    open('x', 'y');
    notebook.deleteCell(1);
    notebook.insertCell(1, {
      cell_type: 'markdown',
      id: 'm',
      source: '# a',
      metadata: { tags: ['t'] },
      attachments: PICTURE
    });
    capture.dispose();
    edits = [];
    capture = new NotebookCapture(notebook, { record: list => edits.push(...list), editorCause: () => cause });
  }

  test('opening tells nothing, the first text of a cell what it has, the next one nothing of it', () => {
    openMarkdown();
    pause();
    assert.deepEqual(extras(), []);
    type(1, 'b');
    pause();
    type(1, 'c');
    pause();
    type(0, 'z');
    pause();
    assert.deepEqual(extras(), [
      'layout',
      ['# a', { metadata: { tags: ['t'] }, attachments: PICTURE }],
      ['# ab', undefined],
      ['# abc', undefined],
      ['x', undefined],
      ['xz', undefined]
    ]);
  });

  test('a change alone goes with the text that the history has', () => {
    openMarkdown();
    const [code, markdown] = notebook.cells;
    code.setMetadata('collapsed', true);
    code.setMetadata('trusted', true);
    markdown.setAttachments({});
    pause();
    markdown.setMetadata({ tags: ['u'] });
    capture.flush();
    code.setMetadata('trusted', false);
    pause();
    assert.deepEqual(extras(), [
      'layout',
      ['x', { metadata: { collapsed: true, jupyter: { outputs_hidden: true } }, attachments: {} }],
      ['# a', { metadata: { tags: ['t'] }, attachments: {} }],
      ['# a', { metadata: { tags: ['u'] }, attachments: {} }]
    ]);
  });

  test('they are told before the cell goes, and of a piece also that it has none', () => {
    openMarkdown();
    notebook.cells[1].setMetadata('tags', ['last']);
    notebook.deleteCell(1);
    notebook.insertCell(1, { cell_type: 'code', id: 'copy', source: 'x' });
    pause();
    assert.deepEqual(extras(), [
      'layout',
      ['# a', { metadata: { tags: ['last'] }, attachments: PICTURE }],
      'delete',
      ['x', { metadata: {}, attachments: {} }],
      'layout'
    ]);
  });

  test('a moved cell does not tell them again', () => {
    openMarkdown();
    type(1, 'b');
    pause();
    edits = [];
    notebook.moveCell(1, 0);
    type(0, 'c');
    pause();
    assert.deepEqual(extras(), [['# abc', undefined], 'layout']);
  });
});

describe('cells', () => {
  test('a deleted cell, and its return', () => {
    open('a', 'b');
    notebook.deleteCell(1);
    pause();
    notebook.undo();
    pause();
    const [before, deleted, order, back, order2] = told();
    assert.equal(before, 'order c0 c1');
    assert.equal(deleted, 'c1 deleted');
    assert.equal(order, 'order c0');
    assert.equal(back, 'c1 undo: b');
    assert.equal(order2, 'order c0 c1');
  });

  test('a moved cell keeps its history', () => {
    open('a', 'b', 'c');
    type(2, 'd');
    notebook.moveCell(2, 0);
    pause();
    assert.deepEqual(told(), ['order c0 c1 c2', 'c2 file: c', 'c2 typing: cd', 'order c2 c0 c1']);
    type(0, 'e');
    pause();
    assert.deepEqual(told(), ['c2 typing: cde']);
  });

  test('a move alone is told, with the order before it', () => {
    open('a', 'b', 'c');
    notebook.moveCell(2, 0);
    pause();
    assert.deepEqual(told(), ['order c0 c1 c2', 'order c2 c0 c1']);
    notebook.moveCell(0, 1);
    pause();
    assert.deepEqual(told(), ['order c0 c2 c1']);
  });

  test('split: the pieces come from the cell, which keeps the last one', () => {
    open('first\nsecond');
    type(0, '!');
    const cell = notebook.cells[0];
    notebook.transact(() => {
      notebook.insertCells(0, [{ cell_type: 'code', id: 'top', source: 'first' }]);
      cell.setSource('second!');
    });
    pause();
    assert.deepEqual(told(), [
      'order c0',
      'c0 file: first\nsecond',
      'c0 typing: first\nsecond!',
      'top split from c0: first',
      'c0 split: second!',
      'order top c0'
    ]);
  });

  test('merge: a new cell with the texts of those that go', () => {
    open('a', 'b');
    notebook.transact(() => {
      notebook.deleteCell(0);
      notebook.insertCell(0, { cell_type: 'code', id: 'sum', source: 'a\n\nb' });
      notebook.deleteCell(1);
    });
    pause();
    assert.deepEqual(told(), ['order c0 c1', 'sum merge from c0: a\n\nb', 'c0 deleted', 'c1 deleted', 'order sum']);
  });

  test('a merge of three comes from each of them', () => {
    open('a', 'b', 'c', 'd');
    notebook.transact(() => {
      notebook.deleteCellRange(0, 3);
      notebook.insertCell(0, { cell_type: 'code', id: 'sum', source: 'a\n\nb\n\nc' });
    });
    pause();
    const { origin, origins } = edits.find(edit => edit.cell === 'sum');
    assert.deepEqual([origin, origins], ['c0', ['c0', 'c1', 'c2']]);
  });

  test('a copy comes from its original, a pasted cell from the one that was cut', () => {
    open('a', 'b');
    notebook.insertCell(2, { cell_type: 'code', id: 'copy', source: 'a' });
    notebook.deleteCell(1);
    notebook.insertCell(0, { cell_type: 'code', id: 'back', source: 'b' });
    pause();
    assert.deepEqual(told(), [
      'order c0 c1',
      'copy paste from c0: a',
      'c1 deleted',
      'back paste from c1: b',
      'order back c0 copy'
    ]);
  });

  test('another type is told with the text that stays', () => {
    open('# title');
    const text = notebook.cells[0].getSource();
    notebook.transact(() => {
      notebook.deleteCell(0);
      notebook.insertCell(0, { cell_type: 'markdown', id: 'c0', source: text });
    });
    pause();
    const edit = edits.find(one => one.kind === 'text');
    assert.equal(edit.type, 'markdown');
    assert.equal(edit.text, '# title');
  });

  test('a notebook that is read again from disk', () => {
    open('a', 'b');
    type(0, 'x');
    const data = notebook.toJSON();
    data.cells[0].source = 'from disk';
    notebook.setSource(data);
    pause();
    assert.deepEqual(told(), ['order c0 c1', 'c0 file: a', 'c0 typing: ax', 'c0 file: from disk']);
  });
});
