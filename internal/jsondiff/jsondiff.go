// Package jsondiff compares values by what they are as JSON.
package jsondiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"noisebench/internal/text"
)

// Text writes a value that JSON can carry; another one is a mistake of the caller, and panics.
func Text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("jsondiff: " + err.Error())
	}
	return string(b)
}

// Differences lists where two values differ, field by field: "field: got …, want …". Fields of the
// two values whose names are in but are left out. Long values are cut.
func Differences(got, want any, but ...string) []string {
	g, w := plain(got), plain(want)
	for _, value := range []any{g, w} {
		if fields, ok := value.(map[string]any); ok {
			for _, name := range but {
				delete(fields, name)
			}
		}
	}
	return walk("", g, w)
}

// plain is a value as JSON has it, with numbers as they are written.
func plain(v any) (p any) {
	d := json.NewDecoder(bytes.NewReader([]byte(Text(v))))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		panic("jsondiff: " + err.Error()) // Text wrote it
	}
	return p
}

func walk(path string, got, want any) (texts []string) {
	g, gotMap := got.(map[string]any)
	w, wantMap := want.(map[string]any)
	if gotMap && wantMap {
		names := slices.Collect(maps.Keys(g))
		for name := range w {
			if _, both := g[name]; !both {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			texts = append(texts, walk(strings.TrimPrefix(path+"."+name, "."), g[name], w[name])...)
		}
		return texts
	}
	gl, gotList := got.([]any)
	wl, wantList := want.([]any)
	if gotList && wantList && len(gl) == len(wl) {
		for i := range gl {
			texts = append(texts, walk(fmt.Sprintf("%s[%d]", path, i), gl[i], wl[i])...)
		}
		return texts
	}
	if a, b := Text(got), Text(want); a != b {
		return []string{fmt.Sprintf("%s: got %s, want %s", path, text.Brief(a), text.Brief(b))}
	}
	return nil
}
