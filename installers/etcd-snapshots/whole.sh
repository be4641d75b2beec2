# etcd ends a snapshot with the SHA-256 of what stands before it; a restore refuses one that isn't right.
whole() {
  size=$(stat -c %s "$1")
  [ "$size" -gt 4096 ] || return 1
  wanted=$(tail -c 32 "$1" | hexdump -ve '1/1 "%02x"')
  is=$(head -c $((size - 32)) "$1" | sha256sum | cut -d ' ' -f 1)
  [ "$wanted" = "$is" ]
}
