package signature_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"noisebench/results/bundle/signature"
)

// A bundle without a signature has no signer, which is no error; a file that is not a signature is
// one.
func ExampleOf() {
	dir, err := os.MkdirTemp("", "signature")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mine.noisebench.tar.zst")
	if err := os.WriteFile(path, []byte("a bundle"), 0o666); err != nil {
		log.Fatal(err)
	}
	signer, err := signature.Of(path, nil)
	fmt.Println(signer, err)
	if err := os.WriteFile(path+signature.Extension, []byte("?"), 0o666); err != nil {
		log.Fatal(err)
	}
	_, err = signature.Of(path, nil)
	fmt.Println(err)
	// Output:
	// <nil> <nil>
	// mine.noisebench.tar.zst.sig is not a signature by ssh-keygen -Y sign: invalid PEM block
}
