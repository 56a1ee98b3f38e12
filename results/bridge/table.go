package bridge

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"

	"noisebench/protocol"
)

// Table is a table with named, typed columns. A value is a string, int64, float64 or bool according
// to its column's kind, or nil if it is absent.
type Table struct {
	Name    string // of the table's file, without extension
	Columns []Column
	Rows    [][]any // each as long as Columns
}

// Column is the name and kind of a column.
type Column struct {
	Name string
	Kind Kind
}

// Kind is the type of a column's values.
type Kind int

// The kinds.
const (
	Text    Kind = iota // string
	Integer             // int64
	Number              // float64
	Flag                // bool
)

// field is a column with the function that fills it.
type field[R any] struct {
	name  string
	kind  Kind
	value func(R) any
}

// build returns a table with one row for each of rows.
func build[R any](name string, fields []field[R], rows []R) *Table {
	t := &Table{Name: name}
	for _, f := range fields {
		t.Columns = append(t.Columns, Column{f.name, f.kind})
	}
	for _, r := range rows {
		line := make([]any, len(fields))
		for i, f := range fields {
			line[i] = f.value(r)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

// WriteCSV writes t as CSV with a header, in a form from which pandas, R and DuckDB infer the kinds
// of columns: booleans are TRUE and FALSE, numbers, NaN, Inf and -Inf read back unchanged, and
// absent values are empty.
func (t *Table) WriteCSV(w io.Writer) error {
	lines := [][]string{make([]string, len(t.Columns))}
	for i, c := range t.Columns {
		lines[0][i] = c.Name
	}
	for _, row := range t.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			switch v := v.(type) {
			case nil:
			case float64:
				line[i] = number(v)
			case bool:
				line[i] = strings.ToUpper(strconv.FormatBool(v)) // R reads true as text
			default:
				line[i] = fmt.Sprint(v)
			}
		}
		lines = append(lines, line)
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// number formats v so that Python and R, too, read back the same value.
func number(v float64) string {
	if math.IsInf(v, 1) {
		return "Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// WriteJSON writes t as a JSON array with one object, on one line, per row. Absent values are null;
// NaN and infinities are strings, as in records.
func (t *Table) WriteJSON(w io.Writer) error {
	b := bufio.NewWriter(w)
	separator := "[\n"
	for _, row := range t.Rows {
		for i, c := range t.Columns {
			value := row[i]
			if v, ok := value.(float64); ok {
				value = protocol.Number(v)
			}
			text, err := json.Marshal(value)
			if err != nil {
				return fmt.Errorf("table %s, column %s: %w", t.Name, c.Name, err)
			}
			if i == 0 {
				separator += "{"
			}
			fmt.Fprintf(b, "%s%q:%s", separator, c.Name, text)
			separator = ","
		}
		b.WriteByte('}')
		separator = ",\n"
	}
	if len(t.Rows) == 0 {
		b.WriteString("[")
	}
	b.WriteString("\n]\n")
	return b.Flush()
}

// WriteParquet writes t as a Parquet file, compressed by Snappy. All columns are optional.
func (t *Table) WriteParquet(w io.Writer) error {
	out := parquet.NewGenericWriter[any](w, t.schema(), parquet.Compression(&parquet.Snappy),
		parquet.CreatedBy("noisebench", strconv.Itoa(protocol.Version), ""))
	for _, row := range t.Rows {
		values := make(parquet.Row, len(row))
		for i, v := range row {
			if v == nil {
				values[i] = parquet.NullValue().Level(0, 0, i)
			} else {
				values[i] = parquet.ValueOf(v).Level(0, 1, i)
			}
		}
		if _, err := out.WriteRows([]parquet.Row{values}); err != nil {
			return fmt.Errorf("cannot write table %s: %w", t.Name, err)
		}
	}
	return out.Close()
}

// schema returns t's Parquet schema.
func (t *Table) schema() *parquet.Schema {
	nodes := [...]parquet.Node{
		Text:    parquet.String(),
		Integer: parquet.Leaf(parquet.Int64Type),
		Number:  parquet.Leaf(parquet.DoubleType),
		Flag:    parquet.Leaf(parquet.BooleanType),
	}
	root := ordered{Group: parquet.Group{}}
	for _, c := range t.Columns {
		root.Group[c.Name] = parquet.Optional(nodes[c.Kind])
		root.names = append(root.names, c.Name)
	}
	return parquet.NewSchema(t.Name, root)
}

// ordered is a group that preserves the order of its columns, which parquet.Group sorts by name.
type ordered struct {
	parquet.Group
	names []string
}

// Fields implements [parquet.Node].
func (o ordered) Fields() []parquet.Field {
	fields := o.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(o.names, a.Name()) - slices.Index(o.names, b.Name())
	})
	return fields
}
