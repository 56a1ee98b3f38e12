package data

import (
	_ "embed"
	"encoding/json"
	"os"
	"strings"
)

// publishedFiles lists the bundles of results/published, with sizes and checksums. The script
// results/published/regenerate.sh writes it.
//
//go:embed published.json
var publishedFiles []byte

// Mirrors is the environment variable with the locations of copies of the published bundles:
// addresses of folders, separated by spaces. A clone of noisebench has the bundles in
// results/published.
const Mirrors = "NOISEBENCH_MIRRORS"

// Published is the set of bundles that the noisebench developers publish as baselines.
var Published = &Set{
	Name:    "published",
	Doc:     "published bundles of runs, for bench run --baselines",
	Source:  "the noisebench developers",
	Licence: "MIT",
	Files:   listed(publishedFiles),
	mirrors: addresses(os.Getenv(Mirrors)),
}

func listed(text []byte) (files []File) {
	if err := json.Unmarshal(text, &files); err != nil {
		panic("data: published.json: " + err.Error()) // a test reads it
	}
	return files
}

// addresses returns the addresses in a text, each with a final slash.
func addresses(text string) (list []string) {
	for _, address := range strings.Fields(text) {
		list = append(list, strings.TrimSuffix(address, "/")+"/")
	}
	return list
}
