package bridge

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"testing"

	"github.com/parquet-go/parquet-go"

	"noisebench/results/report"
	"noisebench/results/stats"
)

func TestTables(t *testing.T) {
	all := Tables(source())
	runs, points, trace := all[0], all[1], all[2]
	checkColumn(t, runs, "optimizer", "sgd", "sgd", "sgd", "sgd", "sgd", "sgd", "sgd", "adam", "adam")
	checkColumn(t, runs, "seed", 0, 1, 1000, 2, 0, 1000, 1001, 0, 1)
	checkColumn(t, runs, "for_sweep", false, false, true, false, false, true, false, false, false)
	checkColumn(t, runs, "for_tie", false, false, false, false, false, false, true, false, false)
	checkColumn(t, runs, "for_replicate", true, true, true, true, false, false, false, true, true)
	checkColumn(t, runs, "for_one_shot", false, false, false, false, true, false, false, false, false)
	checkColumn(t, runs, "chosen", true, true, true, true, false, false, true, true, true)
	// The diverged run counts as the worse of its first and its last finite value: 3, not 1.5.
	checkColumn(t, runs, "score", 1., 1.2, 1.5, 3., 4., 9., 1.1, .9, .75)
	checkColumn(t, runs, "set_step_size", .1, .1, .1, .1, .5, 1., .1, .01, .01)
	checkColumn(t, runs, "reason", nil, nil, nil, "loss is NaN", nil, nil, nil, nil, nil)

	if got, want := len(points.Rows), 3*9; got != want {
		t.Errorf("there are %d evaluations, want %d", got, want)
	}
	if v := column(t, points, "test_metric"); v[0] != nil || v[len(v)-1] != .75 {
		t.Errorf("test_metric is %v first and %v last, want none and 0.75", v[0], v[len(v)-1])
	}
	checkColumn(t, trace, "step", 0, 5)
	checkColumn(t, trace, "seen", 10, 60)
	checkColumn(t, trace, "report_mean_gamma", .5, .25)
	checkColumn(t, trace, "diagnostic_gradient_norm", 3., math.NaN())
}

// Other readers find the same values in all three formats and distinguish NaN from absent values.
func TestFormatsAgree(t *testing.T) {
	for _, table := range Tables(source()) {
		var file, text, objects bytes.Buffer
		for _, err := range []error{table.WriteParquet(&file), table.WriteCSV(&text), table.WriteJSON(&objects)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		lines, err := csv.NewReader(&text).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var list []map[string]any
		if err := json.Unmarshal(objects.Bytes(), &list); err != nil {
			t.Fatalf("JSON: %v", err)
		}
		columns, rows := readParquet(t, file.Bytes())
		if len(rows) != len(table.Rows) || len(lines) != len(table.Rows)+1 || len(list) != len(table.Rows) {
			t.Fatalf("table %s: %d rows in Parquet, %d in CSV, %d in JSON, want %d",
				table.Name, len(rows), len(lines)-1, len(list), len(table.Rows))
		}
		for i, c := range table.Columns {
			if columns[i] != c.Name || lines[0][i] != c.Name {
				t.Fatalf("column %d is %s in Parquet and %s in CSV, want %s", i, columns[i], lines[0][i], c.Name)
			}
			for k, row := range table.Rows {
				value := rows[k][i]
				same := value.IsNull()
				want, inJSON := "", any(nil)
				switch v := row[i].(type) {
				case string:
					same, want, inJSON = value.Kind() == parquet.ByteArray && value.String() == v, v, v
				case int64:
					same, want, inJSON = value.Kind() == parquet.Int64 && value.Int64() == v, strconv.FormatInt(v, 10), float64(v)
				case bool:
					same, want, inJSON = value.Kind() == parquet.Boolean && value.Boolean() == v, map[bool]string{true: "TRUE", false: "FALSE"}[v], v
				case float64:
					same = value.Kind() == parquet.Double && math.Float64bits(value.Double()) == math.Float64bits(v)
					want, inJSON = strconv.FormatFloat(v, 'g', -1, 64), v
					if math.IsNaN(v) {
						inJSON = "NaN"
					}
				}
				if !same || lines[k+1][i] != want || list[k][c.Name] != inJSON {
					t.Errorf("%s, row %d: %v is %v in Parquet, %q in CSV, %v in JSON",
						c.Name, k, row[i], value, lines[k+1][i], list[k][c.Name])
				}
			}
		}
	}
}

// readParquet reads a file by its own schema.
func readParquet(t *testing.T, file []byte) (columns []string, rows []parquet.Row) {
	t.Helper()
	if !bytes.HasPrefix(file, []byte("PAR1")) || !bytes.HasSuffix(file, []byte("PAR1")) {
		t.Fatalf("the file begins with %q and ends with %q, want PAR1", file[:4], file[len(file)-4:])
	}
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Root().Columns() {
		columns = append(columns, c.Name())
	}
	for _, group := range f.RowGroups() {
		reader := group.Rows()
		for buffer := make([]parquet.Row, 8); ; {
			n, err := reader.ReadRows(buffer)
			for _, row := range buffer[:n] {
				rows = append(rows, row.Clone())
			}
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return columns, rows
}

// Scores in the report and in the exported file agree to the bit.
func TestScoresAreTheReports(t *testing.T) {
	s := source()
	var file bytes.Buffer
	runs := Tables(s)[0]
	if err := runs.WriteParquet(&file); err != nil {
		t.Fatal(err)
	}
	_, rows := readParquet(t, file.Bytes())
	r := report.Build(s.Plan, s.Cells)
	checked := 0
	for _, p := range r.Problems {
		for _, row := range p.Rows {
			var scores []float64
			for _, values := range rows {
				get := func(name string) parquet.Value { return values[position(runs, name)] }
				if get("problem").String() == p.Name && get("optimizer").String() == row.Optimizer && get("for_replicate").Boolean() {
					scores = append(scores, get("score").Double())
				}
			}
			if len(scores) == 0 {
				continue
			}
			checked++
			if mean, std := stats.Mean(scores), stats.Std(scores); mean != row.Score.Mean || std != row.Score.Std {
				t.Errorf("%s on %s: %g ± %g in the file, %g ± %g in the report",
					row.Optimizer, p.Name, mean, std, row.Score.Mean, row.Score.Std)
			}
		}
	}
	if checked != 2 {
		t.Errorf("%d cells have scores, want 2", checked)
	}
}
