package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"

	"noisebench/results/columns"
)

// WriteCSV writes one line per problem and optimizer, in full precision, with the columns of
// [columns.Rows]; rows that are not ranked have an entry under unranked. What is missing or
// infinite is empty.
func (r Ranking) WriteCSV(w io.Writer) error {
	var rows []columns.Row
	for i := range r.Problems {
		rows = append(rows, columns.RowsOf(r.Report, &r.Problems[i])...)
	}
	return writeCSV(w, columns.Rows(r.Report, nil), rows)
}

// WriteCSV writes one line per problem and pair, in full precision, with the columns of
// [columns.Pairs]. What is missing is empty.
func (r Pairwise) WriteCSV(w io.Writer) error {
	var rows []columns.Pair
	for i := range r.Problems {
		rows = append(rows, columns.PairsOf(r.Report, &r.Problems[i])...)
	}
	return writeCSV(w, columns.Pairs(), rows)
}

func writeCSV[R any](w io.Writer, list []columns.Column[R], rows []R) error {
	list = columns.In(list, columns.CSV)
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	lines := [][]string{names}
	for _, row := range rows {
		var line []string
		for _, c := range list {
			line = append(line, field(c.Value(row)))
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// field writes a value so that it reads back the same.
func field(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}
