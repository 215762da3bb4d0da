/**
 * A long list of which only the part in view is in the document. Items are kept in blocks; a block near the view has its elements,
 * another one is a box of its last height. So a list of thousands costs as many elements as fit on a few screens.
 */

import { h } from "./dom.js";

const BLOCK = 40;

/** How far around the view blocks are filled, px. */
const MARGIN_PX = 500;

/** Blocks that are not drawn yet are as high as this for each item, px. */
const ITEM_PX = 58;

export class VirtualList {
  /** The element of all blocks; `region` is what scrolls. */
  element = h("div", { class: "virtual" });
  #make;
  #items = [];
  #blocks = [];
  #observer;
  #whole = false;

  /** `make(item, index)` returns the element of an item, an `li`. */
  constructor(region, make) {
    this.#make = make;
    this.#observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#seen(entry)), { root: region, rootMargin: `${MARGIN_PX}px 0px` });
  }

  get items() {
    return this.#items;
  }

  /** Show other items. Blocks whose items are the same stay as they are. */
  set(items) {
    const same = (one, other) => one?.tsStart === other.tsStart && one.text === other.text && one.speaker === other.speaker;
    let first = 0;
    while (first < items.length && same(this.#items[first], items[first])) first += 1;
    const unchanged = first === items.length && items.length === this.#items.length;
    this.#items = items;
    if (unchanged) return false;
    const from = Math.floor(Math.min(first, items.length) / BLOCK);
    const removed = this.#blocks.splice(from);
    removed.forEach(({ element }) => {
      this.#observer.unobserve(element);
      element.remove();
    });
    for (let block = from; block * BLOCK < items.length; block += 1) this.#add(block, removed[block - from]);
    return true;
  }

  #add(index, before) {
    const count = Math.min(BLOCK, this.#items.length - index * BLOCK);
    const element = h("ol", { start: index * BLOCK + 1 });
    const block = { index, element, height: count * ITEM_PX, filled: false };
    this.#blocks.push(block);
    this.element.append(element);
    if (before?.filled || this.#whole) this.#fill(block);
    else element.style.height = `${block.height}px`;
    this.#observer.observe(element);
  }

  #fill(block) {
    if (block.filled) return;
    const from = block.index * BLOCK;
    block.element.replaceChildren(...this.#items.slice(from, from + BLOCK).map((item, place) => this.#make(item, from + place)));
    block.element.style.height = "";
    block.filled = true;
  }

  #empty(block) {
    // What has the focus stays.
    if (!block.filled || this.#whole || block.element.contains(document.activeElement)) return;
    block.height = block.element.offsetHeight;
    block.element.style.height = `${block.height}px`;
    block.element.replaceChildren();
    block.filled = false;
  }

  #seen({ target, isIntersecting }) {
    const block = this.#blocks.find(({ element }) => element === target);
    if (!block) return;
    if (isIntersecting) this.#fill(block);
    else this.#empty(block);
  }

  /** The element of an item; it is made if it is out of view. Null if there is no such item. */
  reveal(index) {
    const block = this.#blocks[Math.floor(index / BLOCK)];
    if (!block) return null;
    this.#fill(block);
    return block.element.children[index % BLOCK] ?? null;
  }

  /** Call `work(element, index)` for the items that are drawn. */
  forDrawn(work) {
    for (const { index, element, filled } of this.#blocks) {
      if (filled) [...element.children].forEach((child, place) => work(child, index * BLOCK + place));
    }
  }

  /** Whether all items are drawn, as for printing. */
  whole(on) {
    this.#whole = on;
    if (on) this.#blocks.forEach((block) => this.#fill(block));
    else {
      // Observed anew, each block is told whether it is in view.
      this.#blocks.forEach(({ element }) => {
        this.#observer.unobserve(element);
        this.#observer.observe(element);
      });
    }
  }

  destroy() {
    this.#observer.disconnect();
  }
}
