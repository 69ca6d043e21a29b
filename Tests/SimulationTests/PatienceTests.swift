import GatewayCore
import Testing

@testable import HardwareCore

/// Limits of two cores that have to fit each other.
@Suite struct PatienceTests {
    /// An unlock that succeeds at the last moment is not told as a failure.
    @Test func theGatewayWaitsForAnUnlockLongerThanHardwareIOTries() {
        #expect(UnlockOutcome.patience >= CableMachine.unlockLimit + .milliseconds(200))
    }
}
