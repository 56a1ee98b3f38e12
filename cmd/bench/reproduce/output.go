package reproduce

import (
	"fmt"
	"os"
	"path/filepath"

	"noisebench/results"
	"noisebench/results/report/figure"
)

// Output is what an item shows.
type Output struct {
	Pictures []Picture
	Tables   []Table
	Caption  string // what was run and what is shown, whole sentences
}

// Save saves the pictures of an item at a size into a folder, which is created if it does
// not exist, and returns their paths. format is one of [figure.Formats].
func (o *Output) Save(item *Item, size Size, dir, format string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("cannot create the folder of the pictures: %w", err)
	}
	for _, picture := range o.Pictures {
		name := item.Name
		if picture.Name != "" {
			name += "-" + picture.Name
		}
		if size != Full {
			name += "-" + string(size)
		}
		if picture.Caption == "" { // it is saved next to the picture
			picture.Caption = o.Caption
		}
		path := filepath.Join(dir, results.FileName(name)+"."+format)
		if err := picture.Save(path); err != nil {
			return paths, fmt.Errorf("%s: %w", item.Name, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Picture is a figure. Its name distinguishes the pictures of one item; the only one of an item has
// none.
type Picture struct {
	Name string
	*figure.Figure
}

// Table is printed with its columns aligned.
type Table struct {
	Title  string
	Header []string
	Rows   [][]string
}
