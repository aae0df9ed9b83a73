// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {AddressAliasHelper} from "@matterlabs/zksync-contracts/contracts/l1-contracts/vendor/AddressAliasHelper.sol";
import {Coin} from "tests/solidity/zksync/Coin.sol";
import {Vault} from "tests/solidity/zksync/Vault.sol";

// Stand-ins of the contracts on L2, at their published addresses, with the official ABI. They check
// what the originals check (era-contracts 5e7d0b4). An EVM has its own book of ether: the base
// token pays what it mints out of a reserve, and keeps what it burns.
address constant BOOTLOADER = address(0x8001);
address constant MESSENGER = address(0x8008);
address constant ROUTER = address(0x10003);
address constant VAULT = address(0x10004);
address constant L1_ROUTER = 0x8829AD80E425C646DAB305381ff105169FeEcE56;
uint256 constant L1_CHAIN = 1;

contract L1Messenger {
    event L1MessageSent(address indexed _sender, bytes32 indexed _hash, bytes _message);

    function sendToL1(bytes calldata message) external returns (bytes32 hash) {
        hash = keccak256(message);
        emit L1MessageSent(msg.sender, hash, message);
    }
}

contract BaseToken {
    event Mint(address indexed account, uint256 amount);
    event Withdrawal(address indexed _l2Sender, address indexed _l1Receiver, uint256 _amount);

    function withdraw(address l1Receiver) external payable {
        L1Messenger(MESSENGER).sendToL1(abi.encodePacked(bytes4(0x6c0960f9), l1Receiver, msg.value));
        emit Withdrawal(msg.sender, l1Receiver, msg.value);
    }

    function mint(address account, uint256 amount) external {
        require(msg.sender == BOOTLOADER, "only the bootloader mints");
        emit Mint(account, amount);
        payable(account).transfer(amount);
    }
}

contract L2AssetRouter {
    event DepositFinalizedAssetRouter(uint256 indexed chainId, bytes32 indexed assetId, bytes assetData);
    event WithdrawalInitiatedAssetRouter(
        uint256 chainId, address indexed l2Sender, bytes32 indexed assetId, bytes assetData
    );

    function finalizeDeposit(uint256 chainId, bytes32 asset, bytes calldata data) external {
        require(msg.sender == AddressAliasHelper.applyL1ToL2Alias(L1_ROUTER), "only the router of L1");
        require(chainId == L1_CHAIN, "from another chain");
        Vault(payable(VAULT)).bridgeMint(chainId, asset, data);
        emit DepositFinalizedAssetRouter(chainId, asset, data);
    }

    function withdraw(bytes32 asset, bytes calldata data) external returns (bytes32) {
        bytes memory minted = Vault(payable(VAULT)).bridgeBurn(L1_CHAIN, asset, msg.sender, data);
        emit WithdrawalInitiatedAssetRouter(L1_CHAIN, msg.sender, asset, data);
        return L1Messenger(MESSENGER).sendToL1(
            abi.encodePacked(L2AssetRouter.finalizeDeposit.selector, block.chainid, asset, minted)
        );
    }
}

contract L2Vault is Vault {
    function router() public pure override returns (address) {
        return ROUTER;
    }

    function _pull(bytes32, address token, address caller, uint256 amount) internal override {
        Coin(token).transferFrom(caller, address(this), amount);
    }
}
