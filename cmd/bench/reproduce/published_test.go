package reproduce

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// publishedText is the text beside the pictures of an item in results/published; "" if there is none.
func publishedText(item *Item) string {
	b, _ := os.ReadFile(publishedPath(item.Name + ".txt"))
	return string(b)
}

func publishedPath(file string) string {
	return filepath.Join("..", "..", "..", "results", "published", "thesis", file)
}

const anew = "; if the change is meant, publish it anew with bench reproduce %s"

// comparePublished compares what is drawn and judged with what is published, so that no change of
// a drawing, a formula or an optimizer goes unnoticed. On other platforms numbers are rounded
// differently.
func comparePublished(t *testing.T, item *Item, out *Output, findings []Finding) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		return
	}
	text := publishedText(item)
	if text == "" {
		t.Fatalf("there is no published text"+anew, item.Name)
	}
	dir := t.TempDir()
	paths, err := out.Save(item, Full, dir, "svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(publishedPath(filepath.Base(path)))
		if err != nil {
			t.Error(err)
		} else if !slices.Equal(sortedLines(got), sortedLines(want)) {
			t.Errorf("the picture is not the published one"+anew, item.Name)
		}
	}
	parts := []string{out.Caption}
	for _, table := range out.Tables {
		parts = append(append(parts, table.Title), table.Header...)
		parts = slices.Concat(slices.Concat([][]string{parts}, table.Rows)...)
	}
	for _, f := range findings {
		parts = append(parts, string(f.Verdict), f.Text, f.On, f.Note)
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("the published text does not have %q"+anew, part, item.Name)
		}
	}
}

// sortedLines are the elements of a picture: the library draws parts of contours in any order.
func sortedLines(svg []byte) []string { return slices.Sorted(strings.Lines(string(svg))) }

// The published texts have the departures of one of the item's sizes, all and no others.
func TestPublishedDepartures(t *testing.T) {
	for _, item := range All() {
		text := publishedText(&item)
		if text == "" {
			continue
		}
		var got []string
		for line := range strings.Lines(text) {
			if of, ok := strings.CutPrefix(line, "differs from the thesis: "); ok {
				got = append(got, strings.TrimSuffix(of, "\n"))
			}
		}
		if !slices.ContainsFunc(item.sizes(), func(s Size) bool {
			return slices.Equal(got, item.Departs[s])
		}) {
			t.Errorf("%s: the published text has the departures %q, want those of one of its sizes"+
				anew, item.Name, got, item.Name)
		}
	}
}
