import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// How `skipctl train` and `skipctl eval` cut recordings into sequences.
struct TrainWindowOptions: ParsableArguments {
    @Option(help: "Timesteps of a window; whole recordings by default.")
    var window: Int?
    @Option(help: "Timesteps from one window's start to the next one's; half a window by default.")
    var stride: Int?
    @Option(help: "Keep every how many-th timestep: plain subsampling.")
    var every = 1

    func validate() throws {
        guard window.map({ $0 > 0 }) ?? true else { throw ValidationError("--window must be a whole number from 1 up") }
        guard stride.map({ $0 > 0 }) ?? true else { throw ValidationError("--stride must be a whole number from 1 up") }
        guard every > 0 else { throw ValidationError("--every must be a whole number from 1 up") }
    }

    var windows: WindowOptions {
        var options = WindowOptions()
        options.length = window
        options.stride = stride
        options.every = every
        return options
    }
}

/// Which groups train, validate and test, and how training sequences are varied.
struct TrainDataOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Groups (people, devices) to validate on.", valueName: "g,…"))
    var validationGroups: GroupList?
    @Option(help: "The share of groups to validate on where none are named; 0 for none.")
    var validationFraction = 0.0
    @Option(help: ArgumentHelp("Groups to test on at the end.", valueName: "g,…"))
    var testGroups: GroupList?
    @Option(help: "The share of groups to test on where none are named; 0 for none.")
    var testFraction = 0.0
    @Flag(help: "Train once for each group with that group held out, report each, then train on all.")
    var leaveOneGroupOut = false

    @Option(help: "Turn triples of channels (x, y, z) about a random axis by at most so many degrees.")
    var augmentRotation = 0.0
    @Option(help: "Change a sequence's amplitude by at most this share.")
    var augmentScale = 0.0
    @Option(help: "Add noise of so many standard deviations of each channel.")
    var augmentNoise = 0.0
    @Option(help: "Change a sequence's speed by at most this share.")
    var augmentSpeed = 0.0
    @Flag(help: "Begin windows at random places near their own.")
    var augmentShift = false

    func validate() throws {
        guard (0..<1).contains(validationFraction) else { throw ValidationError("--validation-fraction must be from 0 to below 1") }
        guard (0..<1).contains(testFraction), validationFraction + testFraction < 1 else { throw ValidationError("--test-fraction must be from 0 up, and below 1 together with --validation-fraction") }
        for (name, value, bound) in [("rotation", augmentRotation, 180.0), ("scale", augmentScale, 0.99), ("noise", augmentNoise, 10), ("speed", augmentSpeed, 0.9)] {
            guard (0...bound).contains(value) else { throw ValidationError("--augment-\(name) must be from 0 to \(bound)") }
        }
    }

    var augmentation: Augmentation {
        var augmentation = Augmentation()
        augmentation.rotation = augmentRotation
        augmentation.scale = augmentScale
        augmentation.noise = augmentNoise
        augmentation.speed = augmentSpeed
        augmentation.shifts = augmentShift
        return augmentation
    }
}
