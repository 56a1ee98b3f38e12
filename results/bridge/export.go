package bridge

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
)

// exports are the formats by their names.
var exports = map[string]func(s Source, dir string, wrote func(file string, rows int)) error{
	"parquet": exportTables((*Table).WriteParquet, "parquet"),
	"csv":     exportTables((*Table).WriteCSV, "csv"),
	"json":    exportTables((*Table).WriteJSON, "json"),
	"benchopt": func(s Source, dir string, wrote func(string, int)) error {
		path := filepath.Join(dir, results.FileName(s.Plan.Name)+".parquet")
		return exportTable(Benchopt(s), (*Table).WriteParquet, path, wrote)
	},
	"iohanalyzer": func(s Source, dir string, wrote func(string, int)) error {
		return WriteIOH(s, func(path, text string) error {
			path = filepath.Join(dir, filepath.FromSlash(path))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return err
			}
			if filepath.Ext(path) == ".json" {
				wrote(path, -1) // the data file belongs to it
			}
			return results.WriteFile(path, []byte(text))
		})
	},
}

// Formats returns the names of the formats of [Export], sorted.
func Formats() []string { return slices.Sorted(maps.Keys(exports)) }

// Export writes all files of a format into the folder dir, which it makes if need be; older files
// of the same names are replaced. wrote is called with the path of each file and its number of
// rows, or -1 if it has no rows.
func Export(s Source, format, dir string, wrote func(file string, rows int)) error {
	export, ok := exports[format]
	if !ok {
		return protocol.Unknown("format", format, Formats())
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot make the folder for the files: %w", err)
	}
	return export(s, dir, wrote)
}

// exportTables writes all tables of a plan in one format.
func exportTables(
	write func(*Table, io.Writer) error, extension string,
) func(Source, string, func(string, int)) error {
	return func(s Source, dir string, wrote func(string, int)) error {
		for _, t := range Tables(s) {
			path := filepath.Join(dir, t.Name+"."+extension)
			if err := exportTable(t, write, path, wrote); err != nil {
				return err
			}
		}
		return nil
	}
}

// exportTable writes one table to a file.
func exportTable(
	t *Table, write func(*Table, io.Writer) error, path string, wrote func(string, int),
) error {
	if err := results.WriteWhole(path, func(w io.Writer) error { return write(t, w) }); err != nil {
		return fmt.Errorf("cannot export %s: %w", path, err)
	}
	wrote(path, len(t.Rows))
	return nil
}
