package claim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRead reads arbitrary files in the place of claims: what is none has no owner.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"", "\n", "{}\n1\n", `{"token":"A","machine":"m","pid":1,"boot":"b","start":"2"}` + "\n7\n", `{"token":"A"}`,
		`{"token":"../A","pid":-1}` + "\n-9223372036854775808\n", `{"token":1}` + "\n1\n", "\x00",
	} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "claims"), 0o777); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, "claims", strings.Repeat("a", 64))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		owner, beat, err := read(path)
		if (err == nil) != (owner.Token != "") || err != nil && beat != 0 {
			t.Fatalf("%+v, %d, %v", owner, beat, err)
		}
		claims, listErr := List(dir)
		if listErr != nil || (len(claims) == 1) != (err == nil) {
			t.Fatalf("%v, %v; reading gives %v", claims, listErr, err)
		}
	})
}
