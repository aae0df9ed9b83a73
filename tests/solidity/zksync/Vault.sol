// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Coin} from "tests/solidity/zksync/Coin.sol";

address constant VAULT_OF_ANY_CHAIN = address(0x10004);
address constant ETHER = address(1);

interface IRouterOfVault {
    function transferFundsToNTV(bytes32 assetId, uint256 amount, address caller) external returns (bool);
}

// Stand-in of both native token vaults: the checks of NativeTokenVault.sol, era-contracts 5e7d0b4.
abstract contract Vault {
    mapping(address => bytes32) public assetId;
    mapping(bytes32 => address) public tokenAddress;
    mapping(bytes32 => uint256) public originChainId;

    event BridgeBurn(
        uint256 indexed chainId, bytes32 indexed assetId, address indexed sender, address receiver, uint256 amount
    );
    event BridgeMint(uint256 indexed chainId, bytes32 indexed assetId, address receiver, uint256 amount);

    error AssetIdMismatch(bytes32 expected, bytes32 supplied);
    error InvalidNTVBurnData();
    error Unauthorized(address caller);
    error EmptyDeposit();
    error EmptyToken();

    function router() public view virtual returns (address);

    modifier onlyRouter() {
        if (msg.sender != router()) revert Unauthorized(msg.sender);
        _;
    }

    receive() external payable {}

    function ethAsset(uint256 l1ChainId) public pure returns (bytes32) {
        return keccak256(abi.encode(l1ChainId, VAULT_OF_ANY_CHAIN, ETHER));
    }

    function ensureTokenIsRegistered(address token) public returns (bytes32) {
        if (assetId[token] == 0) {
            if (token.code.length == 0) revert EmptyToken();
            _know(keccak256(abi.encode(block.chainid, VAULT_OF_ANY_CHAIN, token)), token, block.chainid);
        }
        return assetId[token];
    }

    function getERC20Getters(address token, uint256 origin) public view returns (bytes memory) {
        bytes memory name = abi.encode(Coin(token).name());
        bytes memory symbol = abi.encode(Coin(token).symbol());
        return bytes.concat(hex"01", abi.encode(origin, name, symbol, abi.encode(Coin(token).decimals())));
    }

    function described(address token) private view returns (bytes memory) {
        return getERC20Getters(token, originChainId[assetId[token]]);
    }

    function bridgeBurn(uint256 chainId, bytes32 asset, address caller, bytes calldata data)
        external
        onlyRouter
        returns (bytes memory minted)
    {
        if (data.length != 96) revert InvalidNTVBurnData();
        (uint256 amount, address receiver, address token) = abi.decode(data, (uint256, address, address));
        ensureTokenIsRegistered(token);
        if (assetId[token] != asset) revert AssetIdMismatch(assetId[token], asset);
        if (amount == 0) revert EmptyDeposit();
        emit BridgeBurn(chainId, asset, caller, receiver, amount);
        address origin = _take(asset, token, caller, amount);
        return abi.encode(caller, receiver, origin, amount, described(token));
    }

    function _take(bytes32 asset, address token, address caller, uint256 amount) private returns (address) {
        if (originChainId[asset] == block.chainid) {
            _pull(asset, token, caller, amount);
            return token;
        }
        Coin(token).bridgeBurn(caller, amount);
        return Coin(token).originToken();
    }

    function bridgeMint(uint256 chainId, bytes32 asset, bytes calldata data) external onlyRouter {
        (, address receiver, address origin, uint256 amount,) =
            abi.decode(data, (address, address, address, uint256, bytes));
        if (originChainId[asset] == block.chainid) {
            pay(asset, receiver, amount);
        } else {
            if (tokenAddress[asset] == address(0)) _know(asset, address(new Coin("Bridged", origin)), chainId);
            Coin(tokenAddress[asset]).bridgeMint(receiver, amount);
        }
        emit BridgeMint(chainId, asset, receiver, amount);
    }

    function recover(bytes32 asset, address depositor, bytes calldata data) external onlyRouter {
        (uint256 amount,,) = abi.decode(data, (uint256, address, address));
        pay(asset, depositor, amount);
    }

    function pay(bytes32 asset, address receiver, uint256 amount) internal {
        if (tokenAddress[asset] == ETHER) {
            (bool done,) = receiver.call{value: amount}("");
            require(done, "the receiver takes no ether");
        } else {
            Coin(tokenAddress[asset]).transfer(receiver, amount);
        }
    }

    function _know(bytes32 asset, address token, uint256 origin) internal {
        assetId[token] = asset;
        tokenAddress[asset] = token;
        originChainId[asset] = origin;
    }

    function _pull(bytes32 asset, address token, address caller, uint256 amount) internal virtual;
}
