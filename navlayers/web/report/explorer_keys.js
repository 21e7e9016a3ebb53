// The keyboard in a matrix: arrows move, Home and End go to the ends of a column, with Ctrl to those of the matrix.

function moved(matrix, cell, event) {
  const columns = matrix.visible;
  const at = columns.findIndex((column) => column.includes(cell));
  if (at < 0) return null;
  const column = columns[at];
  const row = column.indexOf(cell);
  const last = (list) => list[list.length - 1];
  switch (event.key) {
    case "ArrowUp": return column[Math.max(row - 1, 0)];
    case "ArrowDown": return column[Math.min(row + 1, column.length - 1)];
    case "ArrowLeft": return beside(columns[at - 1], cell);
    case "ArrowRight": return beside(columns[at + 1], cell);
    case "Home": return event.ctrlKey ? columns[0][0] : column[0];
    case "End": return event.ctrlKey ? last(last(columns)) : last(column);
    default: return null;
  }
}

// The button of a column that stands at the height of a cell.
function beside(column, cell) {
  if (!column || !column.length) return cell;
  const middle = (element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return (top + bottom) / 2;
  };
  const height = middle(cell);
  return column.reduce((best, one) => (Math.abs(middle(one) - height) < Math.abs(middle(best) - height) ? one : best));
}
