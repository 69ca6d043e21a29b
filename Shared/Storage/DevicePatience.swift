/// Asked while something is opened and the device cannot read a part of it: waits a moment and says whether to try once more. Failures of a
/// device pass often, and what is taken for lost meanwhile is missing until somebody looks. Never for what the loop waits for.
public typealias DevicePatience = (StorageError) -> Bool

/// Asks what changes nothing: three times, because whatever call failed, the next one may not, and a device that fails for as long as
/// `tryAgain` says.
func askPatiently<Answer>(
    _ tryAgain: DevicePatience,
    _ question: () throws(StorageError) -> Answer
) throws(StorageError) -> Answer {
    var tries = 0
    while true {
        do throws(StorageError) {
            return try question()
        } catch {
            tries += 1
            guard tries < File.triesOfARead || error.isDeviceError && tryAgain(error) else { throw error }
        }
    }
}
