// Command ledger_verify checks a published ledger with golang.org/x/mod/sumdb/{note,tlog} alone: every checkpoint's
// signature and root, the consistency of each with the next, and the inclusion of every entry in the last.
// FOLDER holds what was fetched from the ledger, under the paths of C2SP tlog-tiles.
//
// Usage: ledger_verify VERIFIER_KEY ORIGIN FOLDER CHECKPOINT_FILE...   (smallest tree first)
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Println("not verified:", err)
		os.Exit(1)
	}
}

func run(key, origin, folder string, files []string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	var last tlog.Tree
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		tree, err := open(text, origin, verifier)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if last.N > 0 {
			reader := tlog.TileHashReader(tree, tiles{folder})
			proof, err := tlog.ProveTree(tree.N, last.N, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckTree(proof, tree.N, tree.Hash, last.N, last.Hash); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		last = tree
	}
	return entries(folder, last)
}

// open gives the tree of a checkpoint: origin, size and root are its first three lines.
func open(text []byte, origin string, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tree, fmt.Errorf("no checkpoint of %s", origin)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, fmt.Errorf("no root")
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

// entries proves the inclusion of every entry that the bundles hold.
func entries(folder string, tree tlog.Tree) error {
	reader := tlog.TileHashReader(tree, tiles{folder})
	for first := int64(0); first < tree.N; first += 1 << height {
		width := min(tree.N-first, 1<<height)
		bundle, err := os.ReadFile(folder + "/" + path("entries", first>>height, width))
		if err != nil {
			return err
		}
		for n := first; n < first+width; n++ {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("entry %d is cut", n)
			}
			size := 2 + int(binary.BigEndian.Uint16(bundle))
			proof, err := tlog.ProveRecord(tree.N, n, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(bundle[2:size])); err != nil {
				return fmt.Errorf("entry %d: %w", n, err)
			}
			bundle = bundle[size:]
		}
		if len(bundle) > 0 {
			return fmt.Errorf("a bundle of %d is too long", first)
		}
	}
	fmt.Printf("verified %d entries\n", tree.N)
	return nil
}

// tiles reads tiles from where C2SP tlog-tiles publishes them.
type tiles struct{ folder string }

func (t tiles) Height() int                     { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(t.folder + "/" + path(strconv.Itoa(tile.L), tile.N, int64(tile.W)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// path is that of sumdb, whose tiles name their height, which C2SP leaves out: tile/8/L/K is tile/L/K.
func path(level string, n, width int64) string {
	named := tlog.Tile{H: height, L: 0, N: n, W: int(width)}.Path()
	return "tile/" + level + strings.TrimPrefix(named, "tile/8/0")
}
