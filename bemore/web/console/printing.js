/** Printing: light colors whatever the screen has, and parts that are drawn for the page. */


/**
 * Call `listener(true)` before the page is printed, in the colors of paper, and `listener(false)` afterwards; gives what ends that.
 */
export function onPrint(listener) {
  const root = document.documentElement;
  let before;
  const begin = () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    listener(true);
  };
  const end = () => {
    if (before === undefined) delete root.dataset.theme;
    else root.dataset.theme = before;
    listener(false);
  };
  addEventListener("beforeprint", begin);
  addEventListener("afterprint", end);
  return () => {
    removeEventListener("beforeprint", begin);
    removeEventListener("afterprint", end);
  };
}
