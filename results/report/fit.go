package report

import (
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// columnGap is the space between columns, in characters.
const columnGap = 2

// Fit lays rows out for a width in characters, or as they are for a width of 0. The first row is
// the header. Columns of words are wrapped; where that is not enough, columns are dropped: first
// those that drop names, in its order, then from the right. Cells of several lines have newlines in
// them. Fit returns the names of the columns that it dropped.
func Fit(rows [][]string, width int, drop ...string) (fitted [][]string, dropped []string) {
	if width <= 0 || len(rows) == 0 {
		return rows, nil
	}
	var columns []int
	for k := range rows[0] {
		columns = append(columns, k)
	}
	for {
		if widths := columnWidths(rows, columns, width); widths != nil {
			return wrapCells(rows, columns, widths), dropped
		}
		out := len(columns) - 1
		for _, name := range drop {
			if k := slices.IndexFunc(columns,
				func(k int) bool { return rows[0][k] == name }); k > 0 {
				out = k
				break
			}
		}
		dropped = append(dropped, rows[0][columns[out]])
		columns = slices.Delete(columns, out, out+1)
	}
}

// columnWidths divides a width among columns: the widest give way until all fit. It returns nil if
// they cannot. A single column always fits, with its words broken if need be.
func columnWidths(rows [][]string, columns []int, width int) []int {
	const long = 20 // words that are longer may be broken
	natural, least := make([]int, len(columns)), make([]int, len(columns))
	total := columnGap * (len(columns) - 1)
	for i, k := range columns {
		for _, row := range rows {
			natural[i] = max(natural[i], twwidth.Width(row[k]))
			for _, word := range words(row[k]) {
				least[i] = max(least[i], min(twwidth.Width(word), long))
			}
		}
		if natural[i] > 2*long {
			least[i] = max(least[i], 16) // text in narrower columns is hard to read
		}
		total += natural[i]
	}
	for ; total > width; total-- {
		widest := -1
		for i := range natural {
			if natural[i] > least[i] && (widest < 0 || natural[i] > natural[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			if len(columns) > 1 {
				return nil
			}
			return []int{max(width, 1)}
		}
		natural[widest]--
	}
	return natural
}

// words are the parts of a cell between which it may be wrapped. Numbers with their units,
// intervals and deviations stay together.
func words(cell string) []string {
	if cell != "" && strings.ContainsRune("0123456789([-.", rune(cell[0])) && len(cell) < 40 {
		return []string{cell}
	}
	return strings.Fields(cell)
}

func wrapCells(rows [][]string, columns, widths []int) [][]string {
	fitted := make([][]string, len(rows))
	for r, row := range rows {
		for i, k := range columns {
			fitted[r] = append(fitted[r], strings.Join(wrapWords(words(row[k]), widths[i]), "\n"))
		}
	}
	return fitted
}

// Wrap breaks text into lines of a width in characters; 0: no limit.
func Wrap(text string, width int) []string {
	if width <= 0 || twwidth.Width(text) <= width {
		return []string{text}
	}
	return wrapWords(strings.Fields(text), width)
}

func wrapWords(words []string, width int) []string {
	lines := []string{""}
	for _, word := range words {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case twwidth.Width(*last)+1+twwidth.Width(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
		for last := &lines[len(lines)-1]; twwidth.Width(*last) > width; last = &lines[len(
			lines)-1] {
			head := ""
			for _, r := range *last {
				if head != "" && twwidth.Width(head+string(r)) > width {
					break
				}
				head += string(r)
			}
			if head == *last {
				break // a single character that is wider
			}
			rest := strings.TrimPrefix(*last, head)
			*last = head
			lines = append(lines, rest)
		}
	}
	return lines
}
